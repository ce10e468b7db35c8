extension ChatClient {
    /// The answers of one load, and how many chats got none.
    struct Outcome {
        var answers: [Answer] = []
        var seconds = 0.0
        var errors = 0

        init(_ answers: [Answer], of sent: Int, since begin: ContinuousClock.Instant) {
            let right = answers.filter(\.isRight)
            (self.answers, errors) = (right, sent - right.count)
            seconds = (ContinuousClock.now - begin) / .seconds(1)
        }
    }

    /// Keeps `concurrency` chats in flight for a time.
    mutating func cycle(_ concurrency: Int, for time: Duration) throws -> Outcome {
        let begin = ContinuousClock.now
        var (answers, sent) = ([Answer](), 0)
        while true {
            while waiting < concurrency, begin.duration(to: .now) < time {
                // Enough sessions that each stays short and has one chat in flight.
                try send(sent, session: "cycle-\(sent % 4096)")
                sent += 1
            }
            if waiting == 0 { break }
            try Interruption.pause(.zero)
            answers += self.answers(until: .now + .seconds(1))
            guard begin.duration(to: .now) < time + Self.patience else { break }
        }
        return Outcome(answers, of: sent, since: begin)
    }

    /// Sends a number of chats, spread evenly over a time, and waits for all answers.
    ///
    /// - Parameter look: called repeatedly after the last chat is sent, until half are answered.
    mutating func crowd(_ count: Int, over time: Duration, _ look: () throws -> Void) throws -> Outcome {
        let begin = ContinuousClock.now
        var (answers, sent, nextLook) = ([Answer](), 0, begin)
        while sent < count || waiting > 0 {
            try Interruption.pause(.zero)
            while sent < count, begin + time * sent / count <= .now {
                try send(sent, session: "crowd-\(sent)")
                sent += 1
            }
            if sent == count, answers.count < count / 2, nextLook <= .now {
                try look()
                nextLook = .now + .milliseconds(100)
            }
            answers += self.answers(until: sent < count ? begin + time * sent / count : .now + .milliseconds(100))
            guard begin.duration(to: .now) < time + Self.patience else { break }
        }
        return Outcome(answers, of: count, since: begin)
    }

    /// An answer that has not come this long after the last chat was sent counts as lost.
    private static let patience = Duration.seconds(60)
}
