package intent

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"go.yaml.in/yaml/v3"
)

// EntityConfig is what a workspace tells of its own entities. The zero value is a workspace that tells nothing.
type EntityConfig struct {
	// OrderNumbers are expressions in the syntax of package regexp for the workspace's own order numbers. They match
	// whole words in any case, in addition to what is found without them.
	OrderNumbers []string `json:"order_numbers,omitempty"`
	// Country of telephone numbers without prefix, as ISO 3166 code: "DE". "" = known from the script at most.
	Country string `json:"country,omitempty"`
	// Dates says what 12/05 means: "day_first", "month_first", or "" = both readings stand in the value.
	Dates    string    `json:"dates,omitempty"`
	Products []Product `json:"products,omitempty"`
}

// Product is a thing that the workspace sells, by its name and what else visitors call it.
type Product struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

// readEntities reads the section entities of a catalog.
//
//	entities:
//	  order_numbers: ['HP-\d{8}']     # expressions; they match whole words in any case
//	  country: DE                     # of telephone numbers without prefix
//	  dates: day_first                # or month_first: what 12/05 means
//	  products:
//	    - Nordic Mug
//	    - {name: Oslo Desk Lamp, aliases: [Oslo lamp, 奥斯陆台灯]}
func readEntities(to *EntityConfig) field {
	return func(n *yaml.Node) error {
		return fields(n, "entities", map[string]field{
			"order_numbers": func(n *yaml.Node) error {
				return items(n, "order_numbers", func(n *yaml.Node) error { return orderPattern(n, to) })
			},
			"country": func(n *yaml.Node) error { return countryCode(n, to) },
			"dates":   func(n *yaml.Node) error { return dateOrder(n, to) },
			"products": func(n *yaml.Node) error {
				return items(n, "products", func(n *yaml.Node) error { return product(n, to) })
			},
		})
	}
}

func orderPattern(n *yaml.Node, to *EntityConfig) error {
	var s string
	if err := scalar(&s)(n); err != nil {
		return err
	}
	re, err := regexp.Compile(s)
	switch {
	case err != nil:
		return invalid(n, "%q is no regular expression: %s", s, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	case re.MatchString(""):
		return invalid(n, "the order number %q may be empty: say how many digits it has, as in \\d{8}", s)
	}
	to.OrderNumbers = append(to.OrderNumbers, s)
	return nil
}

func countryCode(n *yaml.Node, to *EntityConfig) error {
	err := scalar(&to.Country)(n)
	to.Country = strings.ToUpper(to.Country)
	if err == nil && phonenumbers.GetCountryCodeForRegion(to.Country) == 0 {
		return invalid(n, "%q is no country: use its two letters, as in DE", to.Country)
	}
	return err
}

func dateOrder(n *yaml.Node, to *EntityConfig) error {
	err := scalar(&to.Dates)(n)
	if err == nil && to.Dates != "day_first" && to.Dates != "month_first" {
		return invalid(n, "dates are %q: use day_first or month_first", to.Dates)
	}
	return err
}

// product reads a name, or a name with aliases.
func product(n *yaml.Node, to *EntityConfig) error {
	var p Product
	if target(n).Kind == yaml.ScalarNode {
		p.Name = target(n).Value
	} else if err := fields(n, "a product", map[string]field{
		"name": scalar(&p.Name),
		"aliases": func(n *yaml.Node) error {
			return items(n, "aliases", func(n *yaml.Node) error {
				var s string
				err := scalar(&s)(n)
				p.Aliases = append(p.Aliases, s)
				return err
			})
		},
	}); err != nil {
		return err
	}
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		if len([]rune(productKey(name))) < 2 {
			return invalid(n, "the product name %q is too short to be found: use at least two letters", name)
		}
	}
	to.Products = append(to.Products, p)
	return nil
}
