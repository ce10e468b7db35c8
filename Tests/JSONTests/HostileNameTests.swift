import JSON
import TestSupport
import Testing

@Suite("Names of members that are long runs of combining marks")
struct HostileNameTests {
    private struct Known: Decodable {
        var m: Int?
        var model: Int?
    }

    /// Objects with such a name, also beside many others and beside its own repetition.
    private static let templates = [
        ##"{"#":1}"##, ##"{"#":1,"#":2}"##, ##"{"m":1,"#":2,"#x":3}"##, ##"{"model":1,"#":{"#":[{"#":1}]}}"##,
        "{" + (0..<40).map { "\"#\($0)\":\($0)" }.joined(separator: ",") + "}",
    ]

    @Test("the work is proportional to the text", arguments: templates)
    func names(template: String) throws {
        let size = 8000 / template.split(separator: "#", omittingEmptySubsequences: false).count
        func text(_ size: Int) -> [UInt8] {
            Array(template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: mixedMarks(size)).utf8)
        }
        #expect(try growth(from: size) { _ = try JSONField(parsing: text($0)).member("model") } < linearGrowth)
        #expect(try growth(from: size) { _ = try ValueDecoder().read(Known.self, from: text($0)[...]) } < linearGrowth)
        #expect(
            try growth(from: size) {
                var scanner = JSONScanner(text($0))
                _ = try scanner.members()["m"]
            } < linearGrowth)
    }

    @Test("many names are told apart in linear time")
    func many() throws {
        #expect(
            try growth(from: 4000) { count in
                let members = (0..<count).map { "\"n\($0)\":1" }.joined(separator: ",")
                _ = try JSONField(parsing: Array("{\(members),\"n0\":2}".utf8))
            } < linearGrowth)
    }

    @Test("names that differ only in their normal form are two names")
    func normalForms() throws {
        let field = try JSONField(parsing: Array("{\"\u{e9}\":1,\"e\u{301}\":2}".utf8))
        #expect(try field.members().count == 2)
        #expect(try field.member("\u{e9}")?.integer(in: 0...9) == 1)
        #expect(try field.member("e\u{301}")?.integer(in: 0...9) == 2)
    }
}
