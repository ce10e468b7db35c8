package import CGI
import Logging

/// Refuses to serve while the data directory is inside the folder whose files the web server serves to everyone.
package struct DocumentRootGuard: Middleware {
    private let dataDirectory: String
    private let check: DocumentRootCheck

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
        check = DocumentRootCheck(dataDirectory)
    }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        if let root = context.request.documentRoot, check.isInside(root), context.endpoint?.answersWhileExposed != true {
            context.logger.error(
                "The data directory \(dataDirectory) is inside the web server's document root \(root), where everyone could read it. Choose another with dataDir, or set storage.allowInDocumentRoot."
            )
            throw APIError.internalError
        }
        try await next(context, writer)
    }
}
