import CGI
import Models
import Testing

@testable import Sessions

@Suite("Errors of a model")
struct ModelErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var error: ModelError
        var status: Int
        var code: String
        var param: String?
        var retryAfter: String?
        var message: String

        init(
            _ code: ModelError.Code, says clientMessage: String? = nil, code clientCode: String? = nil, at refusedParam: String? = nil,
            after seconds: Int? = nil,
            _ status: Int, _ errorCode: String, param: String? = nil, retryAfter: String? = nil, _ message: String
        ) {
            error = ModelError(
                code, "SECRET of the operator", clientMessage: clientMessage, clientCode: clientCode, param: refusedParam,
                retryAfter: seconds)
            (self.status, self.code, self.param, self.retryAfter, self.message) = (status, errorCode, param, retryAfter, message)
        }

        var testDescription: String { "\(error.code)" }
    }

    @Test(
        "a model's error becomes a row of the API's error table; a client reads only what is meant for it, and nothing is stored",
        arguments: [
            Case(.refused(status: 400), says: "Bad x", at: "x", 400, "invalid_value", param: "x", "Bad x"),
            Case(.refused(status: 422), says: "Bad y", 422, "invalid_value", "Bad y"),
            Case(.refused(status: 404), says: "No such model", 404, "model_not_found", param: "model", "No such model"),
            Case(.refused(status: 404), says: "Gone", code: "no_such_thing", 404, "no_such_thing", "Gone"),
            Case(
                .refused(status: 400), says: "Bad x", code: "unsupported_parameter", at: "x", 400, "unsupported_parameter", param: "x",
                "Bad x"),
            Case(.refused(status: 400), says: "Bad x", code: "missing_session_key", 400, "invalid_value", "Bad x"),
            Case(.refused(status: 404), says: "Gone", code: "not_found", 404, "model_not_found", param: "model", "Gone"),
            Case(.refused(status: 422), says: "Bad y", code: "unprocessable_entity", 422, "invalid_value", "Bad y"),
            Case(.refused(status: 402), says: "Pay", 402, "insufficient_quota", "Pay"),
            Case(.refused(status: 408), says: "Slow", 408, "request_timeout", "Slow"),
            Case(.refused(status: 409), says: "Twice", after: 3, 409, "conflict", retryAfter: "3", "Twice"),
            Case(.refused(status: 415), says: "No", 415, "unsupported_media_type", "No"),
            Case(.refused(status: 424), says: "No", 424, "failed_dependency", "No"),
            Case(.refused(status: 451), says: "No", 451, "unavailable_for_legal_reasons", "No"),
            Case(.contextTooLong, says: "Too long", 400, "context_length_exceeded", param: "messages", "Too long"),
            Case(.contextTooLong, 400, "context_length_exceeded", param: "messages", "longer than the model can read"),
            Case(.refused(status: 413), 413, "request_too_large", "The model does not take this request"),
            Case(.rateLimited, after: 20, 429, "rate_limit_exceeded", retryAfter: "20", "no more requests"),
            Case(.rateLimited, 429, "rate_limit_exceeded", retryAfter: "1", "no more requests"),
            Case(.failed, 502, "upstream_error", "failed to answer"),
            Case(.unavailable, 503, "upstream_unavailable", retryAfter: "5", "cannot be reached"),
            Case(.unavailable, after: 7, 503, "upstream_unavailable", retryAfter: "7", "cannot be reached"),
            Case(.timedOut, says: "Request timed out after 120s", 504, "upstream_timeout", "Request timed out after 120s"),
            Case(.timedOut, 504, "upstream_timeout", "Request timed out"),
        ])
    func table(row: Case) async throws {
        let api = try API(ScriptedModel { _ in throw row.error })
        let response = await api.chat("Hello")
        expectError(response, row.status, row.code, param: row.param)
        #expect(response.text.contains(row.message) && !response.text.contains("SECRET"))
        #expect(response.header("retry-after") == row.retryAfter)
        #expect(try api.directory.files == [])
    }
}
