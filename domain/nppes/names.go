package nppes

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"surgicase/domain/civil"
)

var (
	anyHref    = regexp.MustCompile(`(?i)href\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s>]+))`)
	weeklyName = regexp.MustCompile(`(?i)^NPPES_Data_Dissemination_(\d{6})_(\d{6})_Weekly_V2\.zip$`)
	reportName = regexp.MustCompile(`(?i)^NPPES_Deactivated_NPI_Report_(\d{6})_V2\.zip$`)
	fullName   = regexp.MustCompile(`(?i)^NPPES_Data_Dissemination_[A-Za-z]+_(\d{4})_V2\.zip$`)
)

// Names finds the names of V2 files among the links of the index page. Links to other folders and hosts
// are none of ours. Source: spec/formats.md b.
func Names(page string) []string {
	names := []string{}
	for _, match := range anyHref.FindAllStringSubmatch(page, -1) {
		name := strings.TrimPrefix(match[1]+match[2]+match[3], "./")
		if (weeklyName.MatchString(name) || reportName.MatchString(name) || fullName.MatchString(name)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Weekly picks the weekly files among names, oldest first, by the dates in them: at the turn of the year
// the order of names is not that of time.
func Weekly(names []string) []string { return dated(names, weeklyName, 2) }

// Reports picks the reports of deactivated NPIs among names, oldest first.
func Reports(names []string) []string { return dated(names, reportName, 1) }

func dated(names []string, shape *regexp.Regexp, group int) []string {
	type file struct {
		name string
		day  civil.Date
	}
	var files []file
	for _, name := range names {
		match := shape.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		if day, err := time.Parse("010206", match[group]); err == nil {
			files = append(files, file{name, civil.On(day)})
		}
	}
	slices.SortStableFunc(files, func(a, b file) int {
		switch {
		case a.day.Before(b.day):
			return -1
		case b.day.Before(a.day):
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.name
	}
	return out
}
