import Access
import Configuration
import SystemPackage
import Text

/// Checks that the API keys can be used, and that an open API spends nobody's money.
enum KeysCheck {
    static func diagnostics(_ configuration: Configuration) -> [Diagnostic] {
        // Settings that are wrong are a problem already.
        guard let path = try? configuration.keysFile(), let isRequired = try? configuration[.requiresKey] else { return [] }
        do throws(KeyFileError) {
            if let ring = try KeyFile(FilePath(path)).read() { return [.ok("API keys: \(ring.keys.count) in \(path)")] }
        } catch {
            return [.problem("API keys: \(error)")]
        }
        if isRequired { return [.warning("API keys: there are none, and auth.required refuses every request without one", fix)] }
        guard configuration.hasUpstreamKey else { return [.ok("API keys: there are none; the API is open to everybody who reaches it")] }
        return [.warning("API keys: there are none, so everybody who reaches the API spends the upstream's key", fix)]
    }

    private static let fix = ["nanobot keys add --name NAME --scope '*'    # prints the secret; from then on every request needs it"]
}

extension Configuration {
    fileprivate var hasUpstreamKey: Bool {
        let listed = ((try? self[.models]) ?? nil)?.compactMap(\.upstream) ?? []
        return (((try? upstreams()) ?? []) + listed).contains { $0.key != nil }
    }
}
