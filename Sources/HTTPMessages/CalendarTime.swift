/// Date and time of day in UTC, of the years 1970 to 9999.
struct CalendarTime {
    let year: Int
    /// From 1 for January on.
    let month: Int
    let day: Int
    /// From 0 for Sunday on.
    let weekday: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// The moment so many seconds after the start of 1970.
    ///
    /// *Edge cases*: seconds before 1970 count as its start, those after 9999 as its end.
    init(secondsSinceEpoch: Int) {
        let seconds = min(max(secondsSinceEpoch, 0), 253_402_300_799)
        let days = seconds / 86_400
        let clock = seconds % 86_400
        // Days are counted from 1 March of year 0, so that the leap day ends a year; a
        // 400-year era has 146,097 days.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = era * 400 + yearOfEra + (month < 3 ? 1 : 0)
        // The first day of 1970 was a Thursday.
        weekday = (days + 4) % 7
        (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60)
    }

    /// A number with zeros in front of it.
    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Hours, minutes and seconds, with colons between them.
    var clock: String {
        [hour, minute, second].map { Self.padded($0, 2) }.joined(separator: ":")
    }
}

/// A moment as RFC 3339 §5.6 writes it, in UTC and with milliseconds: `1994-11-06T08:49:37.000Z`.
public enum Timestamp {
    /// The text for a count of milliseconds since the start of 1970.
    ///
    /// *Edge cases*: milliseconds before 1970 count as its start, those after 9999 as its end.
    public static func text(millisecondsSinceEpoch: Int) -> String {
        let milliseconds = min(max(millisecondsSinceEpoch, 0), 253_402_300_799_999)
        let time = CalendarTime(secondsSinceEpoch: milliseconds / 1_000)
        let date = [(time.year, 4), (time.month, 2), (time.day, 2)].map { number, width in
            CalendarTime.padded(number, width)
        }
        let fraction = CalendarTime.padded(milliseconds % 1_000, 3)
        return "\(date.joined(separator: "-"))T\(time.clock).\(fraction)Z"
    }
}
