import FoundationEssentials
import HTTPClient
import JSON
import Sessions
import Text

/// Checks that the web server passes on the largest body that the program accepts.
struct BodyCheck {
    let site: SiteAddress
    let token: ProbeToken
    let engine: TransferEngine
    /// The program's own limit, in bytes.
    let limit: Int

    /// The most that is sent, in bytes.
    private static let largest = 64 << 20

    private struct Report: Decodable { var bytes: Int }

    func diagnostic(_ brands: [WebServerBrand]) async -> Diagnostic {
        let length = min(limit, Self.largest)
        let failure: String
        do {
            let response = try await engine.ask(
                site.url("v1/doctor/\(token.token)"), headers: ["Content-Type: application/json"],
                body: [UInt8](repeating: UInt8(ascii: " "), count: length), timeout: .seconds(60))
            if response.status == 200, (try? ValueDecoder().read(Report.self, from: response.body[...]))?.bytes == length {
                return .ok("body: one of \(length) bytes arrives")
            }
            failure = "status \(response.status)"
        } catch {
            failure = error.description
        }
        // As much as the files in deploy allow, so that the program's own error comes first.
        let room = max(16 << 20, length)
        return .problem(
            "body: one of \(length) bytes, which limits.bodyBytes allows, is refused (\(failure)); long messages fail",
            Fix.body(room).lines(brands))
    }
}
