package import Access
package import Logging
package import Server

extension ChatService {
    /// Everything that the API serves.
    package var endpoints: EndpointTable {
        let endpoints: [any Endpoint] = [
            ChatCompletions(service: self),
            ListCompletions(service: self),
            ShowCompletion(service: self),
            UpdateCompletion(service: self),
            DeleteCompletion(service: self),
            ListCompletionMessages(service: self),
            CreateResponse(service: self),
            CountInputTokens(service: self),
            ShowResponse(service: self),
            DeleteResponse(service: self),
            CancelResponse(service: self),
            ListInputItems(service: self),
            CreateConversation(service: self),
            ShowConversation(service: self),
            UpdateConversation(service: self),
            DeleteConversation(service: self),
            ListConversationItems(service: self),
            AddConversationItems(service: self),
            ShowConversationItem(service: self),
            DeleteConversationItem(service: self),
            ShowSession(service: self),
            DeleteSession(service: self),
            ExportSession(service: self),
            UndoTurn(service: self),
            ForkSession(service: self),
            ListSessions(service: self),
            ShowKey(),
            ListUsage(service: self),
            ListModels(service: self),
            ShowModel(service: self),
            Health(),
            Ready(service: self),
            ShowMetrics(service: self),
            ShowDescription(),
            DescribeRequest(service: self),
            MeasureBody(service: self),
            StreamChunks(service: self),
            WaitBeforeAnswer(service: self),
            ActAsPeer(service: self),
        ]
        return EndpointTable(endpoints, missing: { MissingPaths.list })
    }

    /// The server of these endpoints.
    ///
    /// - Parameters:
    ///   - dataDirectory: must not be inside the web server's document root; nil to allow that.
    ///   - sessionNames: how the access log names sessions.
    ///   - authentication: nil if nobody has an API key.
    ///   - limits: what keys have used of their limits.
    package func server(
        guarding dataDirectory: String?, sessionNames: AccessLog.SessionNames, authentication: Authentication? = nil,
        limits: LimitStore? = nil, options: ServerOptions, logger: Logger
    ) -> Server {
        Server(
            endpoints,
            middleware: MiddlewareList.serving(
                guarding: dataDirectory, sessionNames: sessionNames, authentication: authentication, limits: limits),
            options: options, logger: logger)
    }
}
