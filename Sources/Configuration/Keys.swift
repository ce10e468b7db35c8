package import Access
package import HTTPClient
package import Text

extension Configuration {
    /// Every setting, in the order of the listing. Files, variables and `problems` know no others.
    package static let keys = Key<Never>.all
}

extension Key {
    fileprivate static var all: [any SettingKey] {
        [
            dataDirectory, modelName, systemPrompt, modelPrice, models, requiresModel,
            upstreamURL, upstreamAPI, upstreamKey, upstreamModel, upstreamTimeout, upstreamConnectTimeout, upstreamRetries,
            upstreamFallbacks, upstreamNames, upstreamPassUnknown, allowsRemoteImages,
            streams, onDisconnect, heartbeatAfter,
            historyMode, historyMaxTurns, historyMaxTokens, summarizesHistory, taskHeader,
            durability, sessionBusyTimeout, sessionMaxBytes, sessionFromPath, retentionDays, responsesKeepDays,
            storageMinFreeBytes, allowsDocumentRoot, cluster,
            keysFile, givenKeys, requiresKey, origins, usageRecord,
            mount, bodyLimit, connections, workers,
            logFile, logLevel, logFormat, logSessions,
        ]
    }
}

// MARK: Models

extension Key {
    package static var modelName: Key<String> {
        .init("model.name", default: "nanobot", expecting: "a name", help: "the model id that clients see")
    }
    package static var systemPrompt: Key<String?> {
        .init("model.system", help: "the system prompt of every turn") { setting in setting.text }
    }
    package static var modelPrice: Key<PriceSetting?> {
        .init("model.price", form: .json, help: "what a million tokens cost, for usage and budgets, such as {\"input\":0.5,\"output\":2}") {
            setting throws(ConfigurationError) in try setting.json(PriceSetting.init)
        }
    }
    package static var models: Key<[ModelSetting]?> {
        .init(
            "models", form: .json, help: "models that clients may choose: a JSON object from id to upstream, model, system and price"
        ) {
            setting throws(ConfigurationError) in try setting.json(ModelSetting.list)
        }
    }
    package static var requiresModel: Key<Bool> { .init("requireModel", help: "a request without model is an error") }

    package static var upstreamURL: Key<UpstreamAddress?> {
        .init(
            "upstream.url", form: .address,
            help: "the server that answers, such as https://api.openai.com/v1; if not set, the built-in model answers"
        ) { setting throws(ConfigurationError) in
            guard let address = UpstreamAddress(setting.text) else { throw setting.refused(UpstreamSetting.addressExpectation) }
            return address
        }
    }
    package static var upstreamAPI: Key<UpstreamAPI> {
        .init("upstream.api", default: .chat, help: "how it is asked: chat (POST /chat/completions) or responses (POST /responses)")
    }
    package static var upstreamKey: Key<String?> {
        .init("upstream.key", form: .secret, help: "the bearer key of that server") { setting throws(ConfigurationError) in
            guard UpstreamSetting.isKey(setting.text) else { throw setting.refused(UpstreamSetting.keyExpectation) }
            return setting.text
        }
    }
    package static var upstreamModel: Key<String?> {
        .init("upstream.model", help: "the model to ask for; if not set, the first one that the server lists") { setting in setting.text }
    }
    /// Seconds.
    package static var upstreamTimeout: Key<Int> {
        .init("upstream.timeout", in: UpstreamSetting.timeouts, default: 120, help: "seconds a turn may take, retries included")
    }
    /// Seconds.
    package static var upstreamConnectTimeout: Key<Int> {
        .init("upstream.connectTimeout", in: UpstreamSetting.timeouts, default: 10, help: "seconds a connection may take to open")
    }
    package static var upstreamRetries: Key<Int> {
        .init("upstream.retries", in: UpstreamSetting.retryCounts, default: 2, help: "how often each upstream is asked again")
    }
    package static var upstreamFallbacks: Key<[UpstreamSetting]?> {
        .init(
            "upstream.fallbacks", form: .json,
            help: "upstreams to ask if that one fails: a JSON array of objects with url, api, key, model, names and passUnknown"
        ) {
            setting throws(ConfigurationError) in try setting.json(UpstreamSetting.fallbacks)
        }
    }
    package static var upstreamNames: Key<Bool> {
        .init("upstream.names", default: true, help: "send it the name of a user's message; some servers refuse names")
    }
    package static var upstreamPassUnknown: Key<Bool> {
        .init("upstream.passUnknown", help: "send it the parameters of requests that OpenAI's API does not have, such as top_k")
    }
    package static var allowsRemoteImages: Key<Bool> {
        .init("upstream.allowRemoteImages", help: "accept pictures as https URLs, which the upstream fetches")
    }
}

// MARK: Turns

extension Key {
    package static var streams: Key<Bool> {
        .init("stream", help: "answer stream: true with server-sent events instead of an error")
    }
    package static var onDisconnect: Key<Configuration.DisconnectPolicy> {
        .init(
            "onDisconnect", default: .finish,
            help: "what happens if a client leaves: finish stores its turn, so that a retry finds it; cancel ends it")
    }
    /// Seconds.
    package static var heartbeatAfter: Key<Int?> {
        .init(
            "heartbeat.after", in: 1...86_400,
            help: "seconds after which an answer that is not streamed begins with white space; off if not set")
    }
    package static var historyMode: Key<Configuration.HistoryMode> {
        .init(
            "history.mode", default: .server,
            help: "server: the session is what was said here; mirror: it is what each request shows, for front ends that own the history")
    }
    /// In lower case.
    package static var taskHeader: Key<String?> {
        .init("guard.taskHeader", help: "a header that marks a front end's own requests, such as for a title: nothing of them is stored") {
            setting throws(ConfigurationError) in
            guard let name = Configuration.headerName(setting.text) else { throw setting.refused("the name of a header") }
            return name
        }
    }
    package static var historyMaxTurns: Key<Int> {
        .init("history.maxTurns", in: 1...100_000, default: 500, help: "the most turns the model sees")
    }
    package static var historyMaxTokens: Key<Int> {
        .init("history.maxTokens", in: 1...10_000_000, default: 16_000, help: "the most tokens of history the model sees")
    }
    package static var summarizesHistory: Key<Bool> {
        .init("history.summarize", help: "the model summarizes the turns it no longer sees, and sees the summary")
    }
}

// MARK: Storage

extension Key {
    package static var dataDirectory: Key<String> {
        .init(
            "dataDir", default: "$HOME/.nanobot/data", expecting: "a directory; set HOME, or give --data-dir",
            help: "where sessions live; $HOME/.nanobot/data if not set")
    }
    package static var durability: Key<Configuration.Durability> {
        .init("durability", default: .sync, help: "sync: a turn is on disk before its answer is sent; relaxed: the kernel decides when")
    }
    /// Seconds.
    package static var sessionBusyTimeout: Key<Int> {
        .init("session.busyTimeout", in: 0...86_400, default: 30, help: "seconds a turn waits for the one before it")
    }
    package static var sessionMaxBytes: Key<Int?> {
        .init(
            "session.maxBytes", in: 4096...(1 << 40),
            help: "a session file this large (in bytes) takes no more turns; no limit if not set")
    }
    package static var sessionFromPath: Key<Bool> {
        .init("session.fromPath", help: "/s/{key}/v1/… names the session, for clients that have only a URL")
    }
    package static var retentionDays: Key<Int?> {
        .init("retention.days", in: 1...36_500, help: "days after which an unused session is removed; never if not set")
    }
    package static var responsesKeepDays: Key<Int> {
        .init(
            "responses.keepDays", in: 1...36_500, default: 30,
            help: "days after which unused responses are removed that named neither a session nor a conversation")
    }
    package static var storageMinFreeBytes: Key<Int> {
        .init(
            "storage.minFreeBytes", in: 0...(1 << 50), default: 16 << 20,
            help: "bytes that must stay free on the file system of the data directory")
    }
    package static var allowsDocumentRoot: Key<Bool> {
        .init("storage.allowInDocumentRoot", help: "allow a data directory inside the web server's document root")
    }
    package static var cluster: Key<String?> {
        .init(
            "storage.cluster",
            help: "the id of a data directory that several machines share (nanobot cluster init): without its mark it is not mounted"
        ) { setting throws(ConfigurationError) in
            guard setting.text.utf8.count <= 100, setting.text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw setting.refused("the id that nanobot cluster init prints")
            }
            return setting.text
        }
    }
}

// MARK: API keys

extension Key {
    package static var keysFile: Key<String?> {
        .init(
            "auth.keysFile", help: "the file of API keys; if not set, keys.json beside the configuration file, or in $HOME/.nanobot"
        ) { setting throws(ConfigurationError) in try setting.absolutePath() }
    }
    package static var givenKeys: Key<[GivenKey]?> {
        .init(
            "auth.keys", form: .json,
            help: "API keys in clear, which the next start takes over into that file: a JSON array of objects with name and key, and "
                + "whatever else keys.json says of a key, such as scopes"
        ) { setting throws(ConfigurationError) in try setting.json(GivenKey.list) }
    }
    package static var requiresKey: Key<Bool> {
        .init("auth.required", help: "refuse every request while there are no API keys; if not set, the API is open until there are some")
    }
    package static var origins: Key<[Origin]> {
        .init(
            named: "cors.origins", form: .list, absent: [],
            help: "the web pages whose scripts may use the API: origins such as https://app.example:8443, with commas between them"
        ) { setting throws(ConfigurationError) in
            var origins: [Origin] = []
            for part in setting.text.isEmpty ? [] : setting.text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let origin = Origin(String(part)) else {
                    throw setting.refused("origins such as https://app.example:8443, without a path or a slash at the end, and no *")
                }
                origins.append(origin)
            }
            return origins
        }
    }
}

extension Key {
    package static var usageRecord: Key<Configuration.UsageRecord> {
        .init(
            "usage.record", default: .keys, help: "which turns are recorded with what they used: keys (those with an API key), all or none")
    }
}

// MARK: The web server and the process

extension Key {
    /// A path that begins with a slash and does not end with one; empty for the root.
    package static var mount: Key<String?> {
        .init(
            named: "mount", absent: .some(nil),
            help: "where the program's paths begin, if the web server does not tell, such as /chat"
        ) { setting throws(ConfigurationError) in
            guard let mount = Configuration.mount(setting.text) else { throw setting.refused("a path such as /chat, without ?, # and ..") }
            return mount
        }
    }
    package static var bodyLimit: Key<Int> {
        .init("limits.bodyBytes", in: 1024...(1 << 30), default: 1 << 20, help: "the largest request body, in bytes")
    }
    package static var connections: Key<Int?> {
        .init(
            "limits.connections", in: 8...65_536,
            help: "connections from the web server at once; if not set, as many as there are file descriptors for")
    }
    package static var workers: Key<Int> { .init("workers", in: 1...256, default: 4, help: "worker threads") }
    package static var logFile: Key<String?> {
        .init("log.file", help: "the file that the log is written to; if not set, standard error. SIGHUP opens it anew") {
            setting throws(ConfigurationError) in try setting.absolutePath()
        }
    }
    package static var logLevel: Key<Configuration.LogLevel> {
        .init(
            "log.level", default: .info, expecting: "a level such as info or debug",
            help: "the least level that is logged: trace, debug, info, notice, warning, error or critical")
    }
    package static var logFormat: Key<Configuration.LogFormat> { .init("log.format", default: .text, help: "text, or json for collectors") }
    package static var logSessions: Key<Configuration.SessionNames> {
        .init("log.sessions", default: .hash, help: "how the access log names sessions: full (the key), hash (of the key) or none")
    }
}
