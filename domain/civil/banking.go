package civil

import "time"

// juneteenthSince is the first year in which the Federal Reserve kept June 19.
const juneteenthSince = 2022

// IsBankingDay reports whether the Federal Reserve banks are open on d, so that payments can be made: Monday to
// Friday without its holidays. A holiday on a Sunday is kept on Monday, one on a Saturday is not kept on Friday.
func (d Date) IsBankingDay() bool {
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	case time.Monday:
		return !d.isFederalHoliday() && !d.AddDays(-1).isFixedHoliday()
	default:
		return !d.isFederalHoliday()
	}
}

func (d Date) isFederalHoliday() bool { return d.isFixedHoliday() || d.isMovableHoliday() }

func (d Date) isFixedHoliday() bool {
	switch {
	case d.Month == time.January && d.Day == 1, // New Year's Day
		d.Month == time.June && d.Day == 19 && d.Year >= juneteenthSince,
		d.Month == time.July && d.Day == 4,      // Independence Day
		d.Month == time.November && d.Day == 11, // Veterans Day
		d.Month == time.December && d.Day == 25: // Christmas Day
		return true
	}
	return false
}

// isMovableHoliday reports holidays that are the nth weekday of their month.
func (d Date) isMovableHoliday() bool {
	nth := (d.Day + 6) / 7
	isLast := d.AddDays(7).Month != d.Month
	switch d.Weekday() {
	case time.Monday:
		return d.Month == time.January && nth == 3 || // Martin Luther King Jr.
			d.Month == time.February && nth == 3 || // Washington
			d.Month == time.May && isLast || // Memorial Day
			d.Month == time.September && nth == 1 || // Labor Day
			d.Month == time.October && nth == 2 // Columbus Day
	case time.Thursday:
		return d.Month == time.November && nth == 4 // Thanksgiving Day
	default:
		return false
	}
}

// NextBankingDay returns d, or the first banking day after it.
func (d Date) NextBankingDay() Date { return d.bankingDay(1) }

// PreviousBankingDay returns d, or the last banking day before it.
func (d Date) PreviousBankingDay() Date { return d.bankingDay(-1) }

func (d Date) bankingDay(step int) Date {
	for !d.IsBankingDay() {
		d = d.AddDays(step)
	}
	return d
}

// AddBankingDays returns the day that lies n banking days after d; d itself for none.
func (d Date) AddBankingDays(n int) Date {
	for ; n > 0; n-- {
		d = d.AddDays(1).NextBankingDay()
	}
	return d
}
