import TestSupport
import Testing

@testable import CGI

@Suite("Meta-variables that are long runs of combining marks")
struct HostileTextTests {
    @Test("a query is searched in linear time", arguments: ["before", "b"])
    func query(name: String) {
        let ratio = growth(from: 8000) { size in
            let request = Request.make(["QUERY_STRING": mixedMarks(size, after: name) + "=1&" + name + "=" + mixedMarks(size)])
            #expect(request.query(name)?.utf8.count == mixedMarks(size).utf8.count)
        }
        #expect(ratio < linearGrowth)
    }
}
