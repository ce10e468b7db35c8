import Doctor
import Testing

@Suite("Diagnostics")
struct DiagnosticTests {
    @Test("a diagnostic is one aligned line, with the lines that fix it below")
    func lines() {
        #expect(Diagnostic.ok("query: it arrives").lines == "ok       query: it arrives\n")
        #expect(Diagnostic.warning("a: b", ["chmod 600 x"]).lines == "warning  a: b\n             chmod 600 x\n")
        #expect(Diagnostic.problem("a: b", ["c:", "    d"]).lines == "problem  a: b\n             c:\n                 d\n")
    }
}
