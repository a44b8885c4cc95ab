### All words of the page in English. What the model owns (parameters, stories, events, effects) says its own English.
### Ids begin with the part they belong to; `ja.ftl` has the same ids with the same variables.

## Numbers and dates

# Units of amounts in bn USD, the largest first, each with its words below.
amount-units = 1000 1 0.001
amount-none = 0
amount-in-large = { $amount } tn
amount-in-middle = { $amount } bn
amount-in-small = { $amount } m
amount-percent = { $amount } %
# A pattern of the Unicode CLDR.
date-month = MMMM y
# Between bars.
list-comma = |, |

## Head of the page

page-light-or-dark = Light or dark
page-language = English
