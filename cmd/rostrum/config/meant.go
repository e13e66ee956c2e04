package config

import "strings"

// whereAll is said where nothing near was found.
const whereAll = "`rostrum config example` has all"

// didYouMean asks for the name that is nearest to an unknown one; where none is near it says otherwise.
func didYouMean(unknown string, names []string, otherwise string) string {
	if name := nearest(unknown, names); name != "" {
		return "did you mean " + quoted(name) + "?"
	}
	return otherwise
}

// nearest is the name that was probably meant: the one that ends with the unknown name or begins with it where it is the
// only one, else the one with the fewest slips; "" where none is near.
func nearest(unknown string, names []string) string {
	if len(unknown) < 3 || len(unknown) > 64 {
		return ""
	}
	best, fewest := "", 1+min(2, len(unknown)/3)
	for _, name := range names {
		if strings.Contains(unknown, ".") && !strings.Contains(name, ".") { // who is in a section did not mean the section
			continue
		}
		if d := slips(unknown, name); d < fewest {
			best, fewest = name, d
		}
	}
	if best != "" {
		return best
	}
	if name := single(names, func(name string) bool {
		return strings.HasSuffix(name, "."+unknown) || strings.HasSuffix(name, "_"+unknown)
	}); name != "" {
		return name
	}
	return single(names, func(name string) bool { return strings.HasPrefix(name, unknown) })
}

// single is the name that fits, where one alone does.
func single(names []string, fits func(string) bool) (found string) {
	for _, name := range names {
		if fits(name) && found != "" {
			return ""
		}
		if fits(name) {
			found = name
		}
	}
	return found
}

// slips counts how many letters were left out, added, changed, or swapped with their neighbour between two names.
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := last[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			row[j] = min(last[j]+1, row[j-1]+1, changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
