package import CGI
import Logging

/// Refuses to serve while the data directory is inside the folder whose files the web server serves to everyone.
package struct DocumentRootGuard: Middleware {
    private let dataDirectory: String
    private let check: DocumentRootCheck
    /// Of its own, because it remembers one root.
    private let contextCheck: DocumentRootCheck

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
        (check, contextCheck) = (DocumentRootCheck(dataDirectory), DocumentRootCheck(dataDirectory))
    }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        let request = context.request
        let root =
            request.documentRoot.flatMap { check.isInside($0) ? $0 : nil }
            ?? request.contextDocumentRoot.flatMap { contextCheck.isInside($0) ? $0 : nil }
        if let root, context.endpoint?.answersWhileExposed != true {
            context.logger.error(
                "The data directory \(dataDirectory) is inside the web server's document root \(root), where everyone could read it. Choose another with dataDir, or set storage.allowInDocumentRoot."
            )
            throw APIError.internalError
        }
        try await next(context, writer)
    }
}
