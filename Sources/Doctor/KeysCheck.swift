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
            let ring = try KeyFile(FilePath(path)).read()
            if let reminder = reminder(configuration, ring ?? KeyRing()) { return [reminder] }
            if let ring { return [.ok("API keys: \(ring.keys.count) in \(path)")] }
        } catch {
            return [.problem("API keys: \(error)")]
        }
        if isRequired { return [.warning("API keys: there are none, and auth.required refuses every request without one", fix)] }
        guard configuration.hasUpstreamKey else { return [.ok("API keys: there are none; the API is open to everybody who reaches it")] }
        return [.warning("API keys: there are none, so everybody who reaches the API spends the upstream's key", fix)]
    }

    /// Keys that the configuration gives in clear.
    private static func reminder(_ configuration: Configuration, _ ring: KeyRing) -> Diagnostic? {
        guard let given = (try? configuration[.givenKeys]) ?? nil, !given.isEmpty else { return nil }
        do throws(KeyFileError) {
            var ring = ring
            try ring.takeOver(given)
        } catch {
            return .problem("API keys: \(error)")
        }
        guard given.allSatisfy({ $0.hasSecret(in: ring) }) else {
            return .ok("API keys: the next start, or the next request over CGI, takes over those of auth.keys")
        }
        let place = configuration.source(of: Key<Never>.givenKeys)
        return .warning(
            "API keys: their secrets still stand in clear in auth.keys (\(place)), and are not needed there any more",
            ["remove auth.keys from \(place)    # the keys stay in force; only their SHA-256 is in the key file"])
    }

    private static let fix = ["nanobot keys add --name NAME --scope '*'    # prints the secret; from then on every request needs it"]
}

extension Configuration {
    fileprivate var hasUpstreamKey: Bool {
        let listed = ((try? self[.models]) ?? nil)?.compactMap(\.upstream) ?? []
        return (((try? upstreams()) ?? []) + listed).contains { $0.key != nil }
    }
}
