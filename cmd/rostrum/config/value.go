package config

import "fmt"

// value is a setting's value: its form, and its place in a Config. What does not fit comes back as a misfit.
type value struct {
	list  bool
	put   func(c *Config, texts []string, optional bool) *misfit // changes c only where all texts fit
	check func(c *Config, optional bool) *misfit
	texts func(c *Config) []string // none of what is empty
}

// misfit is a value that has not the form of its setting.
type misfit struct {
	wants, got string
}

func (v value) empty(c *Config) bool { return len(v.texts(c)) == 0 }

// one is a setting with one value.
func one[T comparable](f form[T], at func(*Config) *T) value {
	var none T
	return value{
		put: func(c *Config, texts []string, optional bool) *misfit {
			got, wrong := f.parse(texts[0], optional)
			if wrong == nil {
				*at(c) = got
			}
			return wrong
		},
		check: func(c *Config, optional bool) *misfit {
			v := *at(c)
			if optional && v == none {
				return nil
			}
			return f.judge(v, fmt.Sprint(v))
		},
		texts: func(c *Config) []string {
			if *at(c) == none {
				return nil
			}
			return []string{fmt.Sprint(*at(c))}
		},
	}
}

// many is a setting with a list of values, each given once.
func many[T comparable](f form[T], at func(*Config) *[]T) value {
	return value{
		list: true,
		put: func(c *Config, texts []string, _ bool) *misfit {
			var all []T
			for _, text := range texts {
				got, wrong := f.parse(text, false)
				if wrong != nil {
					return wrong
				}
				all = append(all, got)
			}
			wrong := bounded(all)
			if wrong == nil {
				*at(c) = all
			}
			return wrong
		},
		check: func(c *Config, _ bool) *misfit {
			for _, v := range *at(c) {
				if wrong := f.judge(v, fmt.Sprint(v)); wrong != nil {
					return wrong
				}
			}
			return bounded(*at(c))
		},
		texts: func(c *Config) []string {
			var all []string
			for _, v := range *at(c) {
				all = append(all, fmt.Sprint(v))
			}
			return all
		},
	}
}

// parse reads a text. An optional value may be empty, which is its zero value.
func (f form[T]) parse(text string, optional bool) (T, *misfit) {
	var none T
	if optional && text == "" {
		return none, nil
	}
	got, read := f.read(text)
	if !read {
		return none, &misfit{f.wants, text}
	}
	return got, f.judge(got, text)
}

func (f form[T]) judge(v T, text string) *misfit {
	if wants := f.lacks(v); wants != "" {
		return &misfit{wants, text}
	}
	return nil
}

const longestList = 64

func bounded[T comparable](all []T) *misfit {
	if len(all) > longestList {
		return &misfit{fmt.Sprintf("at most %d values", longestList), fmt.Sprintf("%d", len(all))}
	}
	seen := map[T]bool{}
	for _, v := range all {
		if seen[v] {
			return &misfit{"each value once", fmt.Sprintf("%v twice", v)}
		}
		seen[v] = true
	}
	return nil
}
