/// The time of an answer as an IMF-fixdate, RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text for a count of seconds since the start of 1970, UTC.
    ///
    /// *Edge cases*: seconds before 1970 count as its start, those after 9999 as its end.
    public static func text(secondsSinceEpoch: Int) -> String {
        let time = CalendarTime(secondsSinceEpoch: secondsSinceEpoch)
        let date = [
            CalendarTime.padded(time.day, 2), months[time.month - 1],
            CalendarTime.padded(time.year, 4),
        ]
        return "\(days[time.weekday]), \(date.joined(separator: " ")) \(time.clock) GMT"
    }
}
