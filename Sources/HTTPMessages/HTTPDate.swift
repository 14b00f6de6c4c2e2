/// The time of an answer as an IMF-fixdate, RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text for a count of seconds since the start of 1970, UTC.
    ///
    /// *Edge cases*: seconds before 1970 count as its start, those after 9999 as its end.
    public static func text(secondsSinceEpoch: Int) -> String {
        let seconds = min(max(secondsSinceEpoch, 0), 253_402_300_799)
        let day = seconds / 86_400
        let clock = seconds % 86_400
        // Days are counted from 1 March of year 0, so that the leap day ends a year; a
        // 400-year era has 146,097 days.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10
        let year = era * 400 + yearOfEra + (month < 2 ? 1 : 0)
        return "\(days[day % 7]), \(padded(dayOfMonth, 2)) \(months[month]) \(padded(year, 4)) "
            + "\(padded(clock / 3_600, 2)):\(padded(clock / 60 % 60, 2)):\(padded(clock % 60, 2)) GMT"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
