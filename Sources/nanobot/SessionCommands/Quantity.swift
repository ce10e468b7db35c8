/// A number and a noun: "1 turn", "2 turns".
func quantity(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
