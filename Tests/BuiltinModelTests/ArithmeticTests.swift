import BuiltinModel
import Models
import TestSupport
import Testing

@Suite("Arithmetic")
struct ArithmeticTests {
    @Test(
        "calculations in symbols and words have results",
        arguments: [
            ("2+2", "4"), ("what is 12 * (3 + 4)?", "84"), ("What's 7 × 6?", "42"), ("calculate 10 ÷ 4", "2.5"), ("12*7=", "84"),
            ("12*7=?", "84"), ("2 plus 2", "4"),
            ("ten divided by four", "2.5"), ("10 divided by 4, please", "2.5"), ("Hi, can you tell me what 5 times 6 is?", "30"),
            ("how much is 3 x 4", "12"),
            ("2 + 3 * 4", "14"), ("2^10", "1024"), ("2 ** 3", "8"), ("2^3^2", "512"), ("-2^2", "-4"), ("2^-1", "0.5"), ("-(3 - 5)", "2"),
            ("3 - -2", "5"), ("+3 + 4", "7"),
            ("10% * 4", "0.4"), ("100 / 8", "12.5"), ("15% of 80", "12"), ("200 * 10%", "20"), ("8 - 3 - 2", "3"), ("16 / 4 / 2", "2"),
            ("0.1 + 0.2", "0.3"), (".5 * 4", "2"),
            ("1,000 * 3", "3000"), ("-0 * 5", "0"), ("0 * -1", "0"), ("2^53 - 1", "9007199254740991"), ("2^64", "1.84467440737e+19"),
            ("1/3", "0.333333333333"), ("-2^63", "-9.22337203685e+18"), ("0 - 2^63", "-9.22337203685e+18"),
            ("63-9223372036854775807", "-9.22337203685e+18"), ("-4611686018427387904*2", "-9.22337203685e+18"),
            ("my name is Bob. what is 0-2^63?", "-9.22337203685e+18"), ("0-2^53", "-9007199254740992"), ("-2^31-1", "-2147483649"),
            ("2^0.5 * 2^0.5", "2"), ("144^0.5", "12"), ("5**2", "25"), ("two to the power of eight", "256"),
            ("25 multiplied by four", "100"), ("2,000,000 / 4", "500000"),
            ("三加五", "8"), ("3加5等于几", "8"), ("请问3乘以4等于多少？", "12"), ("十除以四", "2.5"), ("算一下3+5", "8"), ("305乘以二", "610"), ("30000加5", "30005"),
            ("12＋3", "15"), ("20减去一", "19"),
            ("（1＋2）×3", "9"), ("Hello. -5 + 3?", "-2"),
        ])
    func results(message: String, result: String) async {
        #expect(await BuiltinModel.make.answer(message).hasSuffix(" = \(result)"))
    }

    @Test("a calculation is quoted with its result as it was written")
    func expression() async {
        #expect(await BuiltinModel.make.answer("Please, what is 12 times 12?") == "12 times 12 = 144")
    }

    @Test("a calculation without a result is answered kindly")
    func withoutResult() async {
        for message in ["10/0", "0/0", "5 ÷ 0", "1 / (2 - 2) + 3"] {
            #expect(await BuiltinModel.make.answer(message).contains("nothing can be divided by zero"))
        }
        #expect(await BuiltinModel.make.answer("十除以零").contains("不能除以零"))
        #expect(await BuiltinModel.make.answer("9^9^9^9").contains("too large"))
        #expect(await BuiltinModel.make.answer("(0-8)^0.5").contains("no real number"))
    }

    @Test(
        "what only looks like a calculation is none",
        arguments: [
            "I bought 2 apples", "2026-11-23", "what is 2026-11-23?", "11/23/2026", "555-1234", "+4722334455", "(555) 123-4567", "1.2.3.4",
            "42", "(42)", "-5", "x", "a + b",
            "2 +", "(1+2", "1+2)", "2 2 + 3", "()", "2 + 2, 3", "2+2=5", "three", "plus", "3岁", "13800138000", "2026年11月23日",
            "2 + 2 apples", "1 (2)",
        ])
    func none(message: String) async {
        let answer = await BuiltinModel.make.answer(message)
        #expect(!answer.contains(" = "))
    }
}
