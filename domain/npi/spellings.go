package npi

import (
	"slices"
	"strings"
)

// abbreviations are words that names have written out or short, in both directions.
var abbreviations = func() map[string]string {
	m := map[string]string{}
	for short, long := range map[string]string{"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"} {
		m[short], m[long] = long, short
	}
	return m
}()

// particles begin family names that are written in one word or in two: O Bryan, Mc Donald, De la Cruz.
var particles = []string{"mac", "mc", "van", "von", "del", "de", "la", "le", "di", "da", "o", "d"}

// minSplitRest is how many letters must follow a particle for a word to be split behind it.
const minSplitRest = 3

// Spellings returns the ways in which a name with these words may be written in the directory, the given one first,
// at most six: "and" may be a sign, Saint may be short, and a particle may stand apart or not. They are searched one
// after the other, so that what is stored needs no second form.
func Spellings(words []string) [][]string {
	base := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "and" })
	if len(base) == 0 {
		base = words
	}
	var spellings [][]string
	for _, abbreviated := range [][]string{base, swapAbbreviations(base)} {
		joined := joinParticles(abbreviated)
		for _, s := range [][]string{abbreviated, joined, splitParticles(joined)} {
			if !slices.ContainsFunc(spellings, func(have []string) bool { return slices.Equal(have, s) }) {
				spellings = append(spellings, s)
			}
		}
	}
	return spellings
}

func swapAbbreviations(words []string) []string {
	swapped := slices.Clone(words)
	for i, w := range words {
		if other, found := abbreviations[w]; found {
			swapped[i] = other
		}
	}
	return swapped
}

// joinParticles writes each particle in one word with what follows it.
func joinParticles(words []string) []string {
	var joined []string
	pending := ""
	for i, w := range words {
		if slices.Contains(particles, w) && i < len(words)-1 {
			pending += w
			continue
		}
		joined, pending = append(joined, pending+w), ""
	}
	return joined
}

// splitParticles writes a particle that begins a word apart from it.
func splitParticles(words []string) []string {
	var split []string
	for _, w := range words {
		at := slices.IndexFunc(particles, func(p string) bool { return strings.HasPrefix(w, p) && len(w) >= len(p)+minSplitRest })
		if at < 0 {
			split = append(split, w)
			continue
		}
		split = append(split, particles[at], w[len(particles[at]):])
	}
	return split
}
