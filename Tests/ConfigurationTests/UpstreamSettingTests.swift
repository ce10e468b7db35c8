import Configuration
import HTTPClient
import Testing

@Suite("Upstreams and models in the settings")
struct UpstreamSettingTests {
    private func address(_ text: String) throws -> UpstreamAddress { try #require(UpstreamAddress(text)) }

    @Test("the upstream comes first, and then those that stand in for it")
    func upstreams() throws {
        let configuration = try Configuration.make([
            "NANOBOT_UPSTREAM_URL": "https://me:hunter2@a.example/v1", "NANOBOT_UPSTREAM_KEY": "sk-1",
            "NANOBOT_UPSTREAM_FALLBACKS": #"[{"url":"http://unix:/run/b.sock:/v1","model":"small"},{"url":"http://c","key":"sk-2"}]"#,
        ])
        #expect(
            try configuration.upstreams() == [
                UpstreamSetting(address: address("https://me:hunter2@a.example/v1"), key: "sk-1"),
                UpstreamSetting(address: address("http://unix:/run/b.sock:/v1"), model: "small"),
                UpstreamSetting(address: address("http://c"), key: "sk-2"),
            ])
    }

    @Test("each upstream says for itself whether it gets names and unknown parameters")
    func parameters() throws {
        let fallbacks = #"[{"url":"http://b"},{"url":"http://c","names":false,"passUnknown":true}]"#
        let configuration = try Configuration.make([
            "NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_NAMES": "false", "NANOBOT_UPSTREAM_PASS_UNKNOWN": "true",
            "NANOBOT_UPSTREAM_FALLBACKS": fallbacks,
            "NANOBOT_MODELS":
                #"{"m":{"upstream":{"url":"http://d","names":false,"passUnknown":true}},"n":{"upstream":{"url":"http://e"}}}"#,
        ])
        let settings = try configuration.upstreams() + (configuration[.models] ?? []).compactMap(\.upstream)
        #expect(settings.map(\.names) == [false, true, false, false, true])
        #expect(settings.map(\.passUnknown) == [true, false, true, true, false])
    }

    @Test("each upstream says for itself by which API it is asked, and by chat if it does not")
    func api() throws {
        let configuration = try Configuration.make([
            "NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_API": "responses",
            "NANOBOT_UPSTREAM_FALLBACKS": #"[{"url":"http://b"},{"url":"http://c","api":"responses"}]"#,
            "NANOBOT_MODELS": #"{"m":{"upstream":{"url":"http://d","api":"responses"}},"n":{"upstream":{"url":"http://e","api":"chat"}}}"#,
        ])
        let settings = try configuration.upstreams() + (configuration[.models] ?? []).compactMap(\.upstream)
        #expect(settings.map(\.api) == [.responses, .chat, .responses, .responses, .chat])
        #expect(try Configuration.make(["NANOBOT_UPSTREAM_URL": "http://a"]).upstreams().map(\.api) == [.chat])
    }

    @Test("models keep their order, and an upstream of their own its limits")
    func models() throws {
        let text = """
            {"z":{"upstream":{"url":"http://a","key":"sk-1","timeout":5,"connectTimeout":6,"retries":0},"model":"big"},"a":{"system":"s"}}
            """
        let models = try #require(try Configuration.make(["NANOBOT_MODELS": text])[.models])
        #expect(models.map(\.id) == ["z", "a"])
        #expect(models[0].model == "big" && models[0].system == nil)
        var upstream = UpstreamSetting(address: try address("http://a"), key: "sk-1")
        (upstream.timeout, upstream.connectTimeout, upstream.retries) = (5, 6, 0)
        #expect(models[0].upstream == upstream)
        #expect(models[1].upstream == nil && models[1].system == "s")
    }

    private static let mistakes = [
        ("{", "models must be JSON: it ends in the middle of line 1."), ("[]", "models must be a JSON object."),
        (#"{"a":1}"#, "models.a must be a JSON object."),
        (#"{"a":{"sytem":"x"}}"#, #"models.a has the unknown key "sytem"; it may have upstream, model, system, price."#),
        (#"{"a":{"system":""}}"#, "models.a.system must be a text."), (#"{"a":{"system":null}}"#, "models.a.system must be a text."),
        (#"{"a":{"upstream":"sk-1"}}"#, "models.a.upstream must be a JSON object."),
        (#"{"a":{"upstream":{"key":"sk-1"}}}"#, "models.a.upstream must have a url."),
        (
            #"{"a":{"upstream":{"url":"sk-1"}}}"#,
            "models.a.upstream.url must be a URL such as https://api.openai.com/v1 or http://unix:/run/model.sock:/v1."
        ),
        (
            #"{"a":{"upstream":{"url":"http://a","key":"sk-1 "}}}"#,
            "models.a.upstream.key must be one word of visible ASCII characters."
        ),
        (
            #"{"a":{"upstream":{"url":"http://a","timeout":0}}}"#,
            "models.a.upstream.timeout must be a whole number from 1 to 86400."
        ),
        (
            #"{"a":{"upstream":{"url":"http://a","retries":"1"}}}"#,
            "models.a.upstream.retries must be a whole number from 0 to 10."
        ),
        (#"{"a":{"upstream":{"url":"http://a","names":"no"}}}"#, "models.a.upstream.names must be true or false."),
        (#"{"a":{"upstream":{"url":"http://a","api":"completions"}}}"#, "models.a.upstream.api must be chat or responses."),
        (#"{"a":{"upstream":{"url":"http://a","api":true}}}"#, "models.a.upstream.api must be a text."),
        (#"{"a":{"price":{"input":1}}}"#, "models.a.price must have output."),
        (
            #"{"a":{"price":{"input":-1,"output":1}}}"#,
            "models.a.price.input must be a number from 0 to 1000000000: the price of a million tokens."
        ),
        (
            #"{"a":{"price":{"input":1,"output":2,"cached":0}}}"#,
            #"models.a.price has the unknown key "cached"; it may have input, output."#
        ),
        (#"{"a":{"upstream":{"url":"http://a","passUnknown":1}}}"#, "models.a.upstream.passUnknown must be true or false."),
    ]

    @Test("a mistake is one sentence that names the place and shows no secret", arguments: mistakes)
    func mistake(text: String, sentence: String) throws {
        let configuration = try Configuration.make(["NANOBOT_MODELS": text])
        #expect(configuration.problems().map(\.description) == [sentence])
        #expect(message { _ = try configuration[.models] } == sentence)
        #expect(!sentence.contains("sk-1"))
    }

    @Test("a fallback has no limits of its own")
    func fallbackLimits() throws {
        let environment = ["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_FALLBACKS": #"[{"url":"http://b","timeout":5}]"#]
        #expect(
            try Configuration.make(environment).problems().map(\.description) == [
                #"upstream.fallbacks[0] has the unknown key "timeout"; it may have url, api, key, model, names, passUnknown."#
            ])
    }
}
