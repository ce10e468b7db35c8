import Chat
import CGI
import Models
import Server
import Testing

@testable import ChatAPI
import JSON

@Suite("Parameters for the model")
struct ParameterTests {
    /// What a model gets of these members of a body: a JSON object.
    private func passedOn(_ members: String) throws -> String {
        let request = try ChatRequest(Array(#"{"messages":[{"role":"user","content":"x"}],\#(members)}"#.utf8))
        return String(decoding: JSONValue.object(request.parameters.map { ($0.name, $0.value) }).serialized, as: UTF8.self)
    }

    @Test(
        "a parameter for the model is passed on as the client wrote it",
        arguments: [
            #""temperature":0.70"#, #""temperature":2"#, #""top_p":1e-1"#, #""max_tokens":1"#, #""max_completion_tokens":2147483647"#,
            #""stop":"\n""#, #""stop":["a","b","c","d"]"#, #""seed":-9223372036854775808"#, #""presence_penalty":-2"#,
            #""frequency_penalty":2.0"#, #""response_format":{"type":"text"}"#, #""response_format":{"type":"json_object"}"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"b":1.10,"a":[null,true]}}}"#,
            #""logit_bias":{"50256":-100,"1":0.5}"#, #""logprobs":true"#, #""top_logprobs":20"#,
            #""tools":[{"type":"function","function":{"name":"a-B_9","description":"  é ","parameters":{"type":"object"},"strict":true}}]"#,
            #""tools":[]"#, #""tool_choice":"auto""#, #""tool_choice":{"type":"function","function":{"name":"now"}}"#,
            #""parallel_tool_calls":false"#, #""reasoning_effort":"low""#, #""verbosity":"high""#, #""user":"u""#,
            #""metadata":{"a":"b"}"#, #""service_tier":"auto""#, #""safety_identifier":"s""#, #""prompt_cache_key":"k""#,
            #""prompt_cache_retention":"24h""#, #""prediction":{"type":"content","content":"a"}"#, #""modalities":["text","audio"]"#,
            #""audio":{"voice":"alloy","format":"mp3"}"#, #""audio":{"voice":{"id":"v"},"format":"mp3"}"#,
            #""web_search_options":{"search_context_size":"low"}"#, #""functions":[{"name":"f","parameters":{}}]"#,
            #""function_call":"auto""#, #""function_call":{"name":"f"}"#,
        ])
    func passedOnAsWritten(members: String) throws {
        #expect(try passedOn(members) == "{\(members)}")
    }

    @Test(
        "parameters reach the model on one line, and as they were checked",
        arguments: [
            (
                " \"tools\" : [\n { \"type\" : \"function\" ,\t\"function\" : { \"name\" : \"a\" } } ] ",
                #"{"tools":[{"type":"function","function":{"name":"a"}}]}"#
            ),
            (#""temperature":9,"temperature":1"#, #"{"temperature":1}"#),
            (#""temperature":1,"temperature":null"#, "{}"),
            (
                #""tools":[{"type":"x","type":"function","function":{"name":"!","name":"a"}}]"#,
                #"{"tools":[{"type":"function","function":{"name":"a"}}]}"#
            ),
            (#""metadata":{"é":"1","e\u0301":"2"}"#, "{\"metadata\":{\"é\":\"1\",\"e\u{301}\":\"2\"}}"),
            (#""\u0075ser":"\u0061\/""#, #"{"user":"a/"}"#),
            (#""max_tokens":1e2,"seed":5.0"#, #"{"max_tokens":100,"seed":5}"#),
            (#""max_tokens":5,"max_completion_tokens":6"#, #"{"max_completion_tokens":6}"#),
            (#""max_tokens":5,"max_completion_tokens":null"#, #"{"max_tokens":5}"#),
            (#""seed":null,"stop":null,"tools":null,"logit_bias":null,"user":null,"n":null"#, "{}"),
            (#""n":1,"model":"m","stream":false,"stream_options":{},"store":true,"unknown":1,"api_key":"k""#, "{}"),
        ])
    func normalized(members: String, expected: String) throws {
        #expect(try passedOn(members) == expected)
    }

    @Test(
        "a wrong value is refused, and the error names its parameter",
        arguments: [
            (#""temperature":2.01"#, "temperature"), (#""temperature":-0.1"#, "temperature"), (#""temperature":"1""#, "temperature"),
            (#""temperature":true"#, "temperature"), (#""temperature":1e999"#, "temperature"), (#""top_p":1.5"#, "top_p"),
            (#""max_tokens":0"#, "max_tokens"), (#""max_tokens":1.5"#, "max_tokens"), (#""max_tokens":2147483648"#, "max_tokens"),
            (#""max_tokens":0,"max_completion_tokens":6"#, "max_tokens"), (#""max_completion_tokens":"6""#, "max_completion_tokens"),
            (#""stop":5"#, "stop"), (#""stop":["a","b","c","d","e"]"#, "stop"), (#""stop":["a",1]"#, "stop[1]"),
            (#""seed":0.5"#, "seed"), (#""seed":9223372036854775808"#, "seed"), (#""seed":"1""#, "seed"),
            (#""presence_penalty":3"#, "presence_penalty"), (#""frequency_penalty":-3"#, "frequency_penalty"),
            (#""response_format":"text""#, "response_format"), (#""response_format":{}"#, "response_format.type"),
            (#""response_format":{"type":"xml"}"#, "response_format.type"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
            (#""logit_bias":[1]"#, "logit_bias"), (#""logit_bias":{"1":101}"#, "logit_bias.1"),
            (#""logit_bias":{"1":"2"}"#, "logit_bias.1"),
            (#""logprobs":1"#, "logprobs"), (#""top_logprobs":21"#, "top_logprobs"), (#""top_logprobs":-1"#, "top_logprobs"),
            (#""tools":{}"#, "tools"), (#""tools":["x"]"#, "tools[0]"), (#""tools":[{"x":[1]}]"#, "tools[0].type"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function"),
            (#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":""}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"a b"}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"é"}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"\#(String(repeating: "a", count: 65))"}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"a","parameters":[]}}]"#, "tools[0].function.parameters"),
            (#""tool_choice":"any""#, "tool_choice"), (#""tool_choice":true"#, "tool_choice"),
            (#""parallel_tool_calls":"no""#, "parallel_tool_calls"), (#""reasoning_effort":1"#, "reasoning_effort"),
            (#""verbosity":1"#, "verbosity"), (#""user":{}"#, "user"), (#""metadata":[]"#, "metadata"),
            (#""metadata":{"a":1}"#, "metadata.a"),
            (#""metadata":{\#((0..<17).map { #""\#($0)":"""# }.joined(separator: ","))}"#, "metadata"),
            (#""service_tier":1"#, "service_tier"),
        ])
    func refused(members: String, param: String) {
        let error = apiError { try passedOn(members) }
        #expect(error?.status == 400 && error?.code == "invalid_value")
        #expect(error?.param == param)
        #expect(error?.message.hasPrefix(param) == true)
    }

    @Test("a tool that is not a function is refused as unsupported")
    func customTool() {
        let error = apiError { try passedOn(#""tools":[{"type":"custom","custom":{"name":"a"}}]"#) }
        #expect(error?.code == "unsupported_value" && error?.param == "tools[0].type")
    }

    @Test("the model gets the parameters, and the session does not store them")
    func model() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let body = #"{"messages":[{"role":"user","content":"x"}],"temperature":0.5,"user":"u"}"#
        #expect(await api.send("POST", "/v1/chat/completions", body: body).status == 200)
        let prompt = await model.prompts.last
        #expect(prompt?.parameters.map(\.name) == ["temperature", "user"])
        #expect(await !api.send("GET", "/v1/session/export").text.contains("temperature"))
    }
}
