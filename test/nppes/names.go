package nppes

import (
	"math/rand/v2"
	"strings"
)

var states = []string{"CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA", "NC", "MI", "NJ", "VA", "WA", "AZ", "MA", "TN", "OR", "WY", "AK", "PR"}

var (
	begins  = []string{"BAR", "CAL", "DOR", "FEN", "GAL", "HAR", "JEN", "KEL", "LAN", "MAR", "NOR", "PAL", "QUI", "ROS", "SAL", "SMI", "TAN", "VAL", "WIL", "ZEN", "BRO", "CHA", "DAV", "JOH", "MIL"}
	middles = []string{"", "A", "AN", "DER", "EL", "IN", "LI", "O", "RI", "SA", "TEN", "U", "WA", "EN", "IS", "OR"}
	ends    = []string{"TH", "SON", "MAN", "LEY", "TON", "BERG", "FORD", "WELL", "EZ", "KI", "S", "ER", "ARD", "INI", "OV", "SKI", "FIELD", "DEN", "WORTH", "WOOD"}

	firsts = []string{"MARY", "JAMES", "MARIA", "JOHN", "JENNIFER", "MICHAEL", "LINDA", "DAVID", "ELIZABETH", "ROBERT", "SUSAN", "WILLIAM"}
	trades = []string{"MEDICAL", "SURGERY", "FAMILY", "REGIONAL", "COMMUNITY", "DENTAL", "PHYSICAL", "HOME", "VALLEY", "NORTH", "SAINT", "EXAMPLE"}
	houses = []string{"CENTER", "GROUP", "CLINIC", "ASSOCIATES", "HOSPITAL", "PHARMACY", "THERAPY", "CARE", "SERVICES", "PARTNERS"}
	forms  = []string{", LLC", " INC", ", P.C.", " PA", ""}
)

// early draws small numbers more often, about as names are spread: the first of 8,000 comes to one in a
// hundred, half of all draws fall among the first few hundred.
func early(dice *rand.Rand, n int) int {
	x := dice.Float64()
	return int(float64(n) * x * x * x)
}

// lastName is one of 8,000, some of them double.
func lastName(dice *rand.Rand) string {
	n := early(dice, len(begins)*len(middles)*len(ends))
	name := begins[n%len(begins)] + middles[n/len(begins)%len(middles)] + ends[n/len(begins)/len(middles)%len(ends)]
	if dice.IntN(40) == 0 {
		return name + "-" + lastName(dice)
	}
	return name
}

// firstName is one of 4,800.
func firstName(dice *rand.Rand) string {
	if dice.IntN(3) == 0 {
		return firsts[early(dice, len(firsts))]
	}
	n := early(dice, len(begins)*len(middles)*len(firsts))
	return begins[n%len(begins)] + middles[n/len(begins)%len(middles)] + strings.ToUpper(firsts[n/len(begins)/len(middles)%len(firsts)][:2])
}

func organization(dice *rand.Rand) string {
	return lastName(dice) + " " + trades[early(dice, len(trades))] + " " + houses[early(dice, len(houses))] + forms[dice.IntN(len(forms))]
}
