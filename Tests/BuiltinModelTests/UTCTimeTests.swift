import FoundationEssentials
import TestSupport
import Testing

@testable import BuiltinModel

@Suite("Date and time")
struct UTCTimeTests {
    @Test(
        "date and time are told in UTC",
        arguments: [
            ("What time is it?", "It is 09:05 UTC."), ("do you know what time it is", "It is 09:05 UTC."),
            ("What's the time now?", "It is 09:05 UTC."),
            ("What's the date today?", "Today is Monday, 23 November 2026 (UTC)."),
            ("What is today's date?", "Today is Monday, 23 November 2026 (UTC)."),
            ("what day is it", "Today is Monday, 23 November 2026 (UTC)."),
            ("What weekday is it today?", "Today is Monday, 23 November 2026 (UTC)."),
            ("What day is tomorrow?", "Tomorrow is Tuesday, 24 November 2026 (UTC)."),
            ("What date was yesterday?", "Yesterday was Sunday, 22 November 2026 (UTC)."),
            ("现在几点？", "现在是 UTC 09:05。"), ("请问现在几点了", "现在是 UTC 09:05。"), ("今天几号", "今天是2026年11月23日，星期一（UTC）。"),
            ("今天星期几？", "今天是2026年11月23日，星期一（UTC）。"),
            ("明天星期几", "明天是2026年11月24日，星期二（UTC）。"), ("昨天几号", "昨天是2026年11月22日，星期日（UTC）。"),
        ])
    func tells(question: String, answer: String) async {
        #expect(await BuiltinModel.make.answer(question) == answer)
    }

    @Test(
        "seconds since 1970 become dates",
        arguments: [
            (0.0, 1970, 1, 1, 4), (-1, 1969, 12, 31, 3), (951_782_400, 2000, 2, 29, 2), (1_709_251_199, 2024, 2, 29, 4),
            (4_107_542_400, 2100, 3, 1, 1),
            (-62_135_596_800, 1, 1, 1, 1), (253_402_300_799, 9999, 12, 31, 5),
        ])
    func dates(seconds: Double, year: Int, month: Int, day: Int, weekday: Int) {
        let time = UTCTime(Date(timeIntervalSince1970: seconds))
        #expect([time.year, time.month, time.day, time.weekday] == [year, month, day, weekday])
    }

    @Test("a clock that is far off is survived", arguments: [Double.infinity, -.infinity, .nan, 1e300])
    func farOff(seconds: Double) {
        #expect((1...9999).contains(UTCTime(Date(timeIntervalSince1970: seconds)).year))
    }
}
