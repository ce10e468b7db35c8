import Configuration
import Foundation
import Testing

@Suite("Settings in print")
struct PrintingTests {
    @Test("the listing has each setting, where it came from, and no secret")
    func listing() throws {
        let models = #"{"a":{"upstream":{"url":"http://me:hunter2@c/v1","key":"sk-3"},"system":"Be \"brief\""}}"#
        let configuration = try Configuration.make([
            "NANOBOT_UPSTREAM_URL": "https://me:hunter2@a.example/v1", "NANOBOT_UPSTREAM_KEY": "sk-1", "NANOBOT_MODELS": models,
            "NANOBOT_UPSTREAM_FALLBACKS": #"[ {"url":5,"key":["sk-2"]} ]"#, "NANOBOT_WORKERS": "x",
        ])
        let listing = configuration.listing()
        for line in [
            "upstream.url = https://a.example/v1\n", "upstream.key = ****\n",
            #"models = {"a":{"upstream":{"url":"http://c/v1","key":"****"},"system":"Be \"brief\""}}"# + "\n",
            #"upstream.fallbacks = [{"url":"****","key":"****"}]"# + "\n", "model.system = (none)\n",
            "workers = x\n    worker threads; from NANOBOT_WORKERS; environment variable NANOBOT_WORKERS\n",
            "stream = false\n    answer stream: true with server-sent events instead of an error; from default; environment variable",
        ] {
            #expect(listing.contains(line), "\(line)")
        }
        #expect(!listing.contains("hunter2") && !listing.contains("sk-"))
        #expect(listing.split(separator: "\n").count == 2 * Configuration.keys.count)
    }

    @Test("a value that cannot be read is masked as a whole", arguments: ["[{\"key\":\"sk-1\"", "sk-1"])
    func unreadable(text: String) throws {
        let listing = try Configuration.make(["NANOBOT_MODELS": text, "NANOBOT_UPSTREAM_URL": "me:sk-1@a"]).listing()
        #expect(listing.contains("models = ****\n") && listing.contains("upstream.url = ****\n"))
    }

    @Test(
        "a file that secrets came from is known",
        arguments: [
            (#"{"upstream":{"key":"sk-1"}}"#, true), (#"{"upstream":{"url":"http://me:word@a/v1"}}"#, true),
            (#"{"upstream":{"fallbacks":[{"url":"http://a","key":"sk-1"}]}}"#, true),
            (#"{"models":{"a":{"upstream":{"url":"http://me:word@a/"}}}}"#, true),
            (#"{"upstream":{"url":"http://a/","key":"","fallbacks":[{"url":"http://b/"}]},"workers":1}"#, false), ("{}", false),
        ])
    func secrets(text: String, hasSecrets: Bool) throws {
        let file = try SettingsFile(text)
        let configuration = try Configuration(file: file.path, environment: ["NANOBOT_UPSTREAM_MODEL": "m"])
        #expect(configuration.fileWithSecrets() == (hasSecrets ? file.path : nil))
    }

    @Test("a secret in the file is ignored if a variable replaces it")
    func replacedSecret() throws {
        let file = try SettingsFile(#"{"upstream":{"url":"http://a","key":"sk-1"}}"#)
        #expect(try Configuration(file: file.path, environment: ["NANOBOT_UPSTREAM_KEY": "sk-2"]).fileWithSecrets() == nil)
        #expect(try Configuration(file: file.path, environment: [:]).fileWithSecrets() == file.path)
    }

    @Test("the README's table is what nanobot config --markdown prints")
    func readme() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../README.md"
        let readme = try String(contentsOfFile: path, encoding: .utf8)
        #expect(readme.contains("\n" + Configuration.markdown()), "Replace it with the output of: nanobot config --markdown")
        #expect(Configuration.markdown().split(separator: "\n").count == Configuration.keys.count + 2)
        #expect(Configuration.markdown().contains("\n| `limits.connections` | none | connections from the web server at once;"))
    }
}
