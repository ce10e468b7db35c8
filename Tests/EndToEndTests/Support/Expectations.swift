import Testing

/// Checks an error response against the API's error table: the status, all four fields, and an id to ask about it.
func expectError(
    _ response: HTTPResponse, _ status: Int, _ code: String, param: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = response.json["error"]
    #expect(response.status == status, "\(String(decoding: response.body, as: UTF8.self))", sourceLocation: sourceLocation)
    #expect(response.json?.keys == ["error"], sourceLocation: sourceLocation)
    #expect(error?.keys == ["message", "type", "param", "code"], sourceLocation: sourceLocation)
    #expect(error["code"] == .string(code), sourceLocation: sourceLocation)
    #expect(error["param"] == param.map(JSON.string) ?? .null, sourceLocation: sourceLocation)
    #expect(error["type"] == .string(status >= 500 ? "server_error" : "invalid_request_error"), sourceLocation: sourceLocation)
    #expect(error["message"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(response.headers["x-request-id"]?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(response.headers["cache-control"] == "no-store", sourceLocation: sourceLocation)
    // Apache leaves out the blank.
    let vary = response.headers["vary"]?.replacing(" ", with: "")
    #expect(vary?.hasPrefix("x-session-key,authorization,x-api-key,api-key") == true, sourceLocation: sourceLocation)
}

/// Checks the answer while the files cannot be used: it says when to try again, and nothing of where they are.
func expectStorageUnavailable(_ response: HTTPResponse, sourceLocation: SourceLocation = #_sourceLocation) {
    expectError(response, 503, "storage_unavailable", sourceLocation: sourceLocation)
    #expect(response.headers["retry-after"] != nil, sourceLocation: sourceLocation)
    #expect(!response.body.contains(UInt8(ascii: "/")), "\(String(decoding: response.body, as: UTF8.self))", sourceLocation: sourceLocation)
}
