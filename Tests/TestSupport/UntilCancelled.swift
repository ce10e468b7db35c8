/// Returns when the task is cancelled.
package func untilCancelled() async {
    // A stream that nothing is added to ends with its reader's task.
    let (nothing, continuation) = AsyncStream<Never>.makeStream()
    for await _ in nothing {}
    continuation.finish()
}
