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
date-label = y-MM
# Between bars.
list-comma = |, |

## Head of the page

page-light-or-dark = Light or dark
page-language = English
page-full = Every seat of this server is taken. A seat is free as soon as somebody closes the page: try again in a while.
page-firm = Firm
page-what-if = What if
page-over-time = Over time
page-flows = Who funds whom
page-failures = Failures
page-events = Events
page-compare = Compare
page-files = Files
page-what = What am I looking at?
page-opening = Opening the books of { $month } …
page-address-length = the address may have { $most } characters after the question mark, not { $given }
page-address-names = the address may name { $fields }, not '{ $given }'
page-address-central = central must be 1 (no world is drawn) or 0, not '{ $given }'
page-welcome =
    Artificial intelligence is being built on promises. Labs promise to rent computers for years; clouds borrow to build what was promised; lenders take the computers as security. Press Play and watch who owes whom, month by month, from the balance sheets of { $month } on.

## The invisible debt on top

debt-whose = US dollars were borrowed for { $firm }, and stand in the books of others: { $parts }.
debt-part = { $amount } by { $who }
debt-likely = In { $worlds } of { $of } worlds { $firm } defaults by { $year }. Where it is made to fail a year and a half after the opening, another borrower follows in { $follows } of 100, and { $orphaned } more are owed for computers that nobody rents (abm/RISK.md).
debt-press-play = Press Play to see what becomes of it.
debt-now = In { $month } it is { $amount }.
debt-orphaned = It has failed: { $amount } are owed for users that are gone, by those who borrowed.
carrier-vehicles = companies founded for single data centres
carrier-clouds = clouds

## The month in a sentence

# Between bars: what stands between two sentences.
status-between = | |
status-month = { $month }:
status-struck = struck by you, { $firm } { $what }.
status-failed-now = { $firms } failed this month.
status-and-more = { $firms } and { $more } more
status-none = no firm has failed.
status-failed =
    { $failed ->
        [one] { $failed } of { $of } firms has failed so far.
       *[other] { $failed } of { $of } firms have failed so far.
    }
status-carry = Others carry { $amount } USD of debt for the labs.
status-carry-most = Others carry { $amount } USD of debt for the labs, { $most } of it for { $lab }.
status-carry-idle = Others carry { $amount } USD of debt for the labs that stand, and { $orphaned } behind capacity that a customer left.
status-carry-orphaned = Others carry { $amount } USD of debt for the labs that stand, and { $orphaned } for firms that failed or behind capacity that a customer left.

## What the visitor is looking at

explained-network =
    Each mark is a firm: the larger, the more it owns. Colour and pattern tell how it stands: sound, strained, distressed, failed. Lenders stand at the left, then the companies that own single data centres, then clouds; labs, which use the computers, stand right of them, and makers of chips and of free models at the far right.

    Each line is a debt or a promise, drawn from the firm that owes to the firm it is owed to: loans, contracts to rent computers, orders of hardware, shares. The wider, the more money. Money is owed leftwards, so when a firm at the right fails, losses run to the left.

    When firms fail, the picture shows it round by round: who fails first, along which lines losses reach others, and whether they fall too. A loss is named by its way. Counterparty: bills or loans are not paid. Customer: who rented does so no more. Collateral: the hardware that secures a loan is worth less. Funding: credit is refused. Lender-to-lender: one lender loses on another. Vendor: orders are withdrawn. Market: prices fall.

    Click a firm to open its books. The invisible debt of the title is what others borrowed on behalf of a lab that borrowed nothing itself.
explained-charts =
    Each small picture follows one quantity month by month; the unit is written beside its title. The upright line is the month shown above, and a click in a picture goes to that month. Ticks on top mark firms that failed. With "Compare" switched on, the dashed line is the same economy without any shock or change: same world and luck, other story.
explained-flows =
    Money lent for AI, from left to right: who lent it, who borrowed it, and for whose use the computers were built in the end. A band's width is the amount. The right-hand column is the invisible debt: it stands in the books of those in the middle, but rests on the promises of those at the right. A lab marked as failed promises nothing any more: what was borrowed for it is still owed.
explained-tree =
    Every firm that failed, from left to right in time. An arrow from one to another says that the first one's failure helped to bring the second one down, how much of its default it explains, and through which channel most of that went. Firms without an arrow towards them failed of themselves, of what the story or you did to them, or because of falling prices. A blow of the story counts with a firm's own doing; what you did to it has a colour of its own.
explained-events =
    What happened, newest first: contracts signed, loans made, promises broken, failures. Click a month to go there.
explained-compare =
    Two economies of the same world with the same luck: the one you are running, and the baseline, in which no shock strikes and nothing is changed. What differs between them is what the scenario and your changes did.
explained-firm =
    A firm's books at the end of the month shown. It owns assets and owes debts; the difference is its net worth, the cushion that takes losses before its lenders do. Cover is what it earns against what its debt asks for each month: below 1 it cannot pay out of earnings. Loan to value is debt against the worth of the hardware that secures it: above 1, lenders would not get all of their money back.
explained-what-if =
    Everything here is a change to the story: a firm is struck next month, a rule is switched on, a number of the model is set to another value. The past stays as it was, the luck stays the same, so what you see is the effect of your change and of nothing else. At the first month a number is set for the whole run; later, from the next month on.
explained-files =
    The scenario file repeats exactly what is on screen, shocks made by hand included: run it with the command in its first line, and you get the same numbers to the last digit. Tables carry units and meanings with every column.

## Pages of the server beside the page itself

server-missing-title = There is no such page
server-missing-about = There is only one:
server-missing-link = the live page
server-full-title = Every seat is taken
server-full-about = This server runs { $seats } simulations at once, and all of them are in use. A seat is free as soon as somebody closes the page.
server-full-link = Try again
server-own = To run it on your own machine:


## Guided story

guide-open = Guided story
guide-next = Next
guide-back = Back
guide-skip = Skip
guide-done = Take over
guide-pause = Pause
guide-resume = Go on

guide-borrowed-title = Who borrowed for whom
guide-borrowed = { $total } of US dollars were borrowed for { $firm }, and none of it stands in its books. { $count } others owe it: { $first } { $most }, { $second } { $next }, and the rest.
guide-promised-title = What { $firm } promised
guide-promised = To rent computers for { $total }, { $most } of it from { $first }. It sells AI for { $sales } a year and has { $cash } in cash. Lenders lend on this promise.
guide-weak-title = A failure in a weak market
guide-weak = Demand for AI stops growing, and in { $month } { $firm } is made to fail. { $lent ->
    [no] No loan of its own is lost;
   *[yes] Its lenders lose { $credit };
 } those it had contracts with lose { $claims } of promised payments, its owners { $equity }.
guide-follows-title = It spreads: { $month }
guide-follows = { $others ->
    [0] { $firm } fails.
    [one] { $firm } and another firm fail.
   *[other] { $firm } and { $others } other firms fail.
 } Largest cause for { $firm }, { $share } %: { $cause }. Lenders lose { $credit }, parties of contracts { $claims }, owners { $equity }.
guide-by-customer = { $parent } rents no more
guide-by-counterparty = { $parent } did not pay
guide-by-collateral = the fall of { $parent } made the computers that secure loans worth less
guide-by-funding = { $parent } lent no more
guide-by-lender-to-lender = it had lent to { $parent }
guide-by-vendor = { $parent } withdrew its orders
guide-by-market = prices and demand fell
guide-by-own = its own doing
guide-spread-title = { $years ->
    [one] One year later
   *[other] { $years } years later
 }
guide-spread = { $followers ->
    [0] Nobody has followed.
    [one] One firm has followed.
   *[other] { $followers } firms have followed.
 } Lenders have lost { $credit }, and { $now } are owed for computers that nobody rents, after { $before }. { $anyway } of these firms{ $itself ->
    [yes] , and { $firm },
   *[no] {""}
 } would have failed by now without the blow{ $mostly ->
    [yes] : weak demand alone does most of it
   *[no] {""}
 }.
guide-strong-title = The same failure in a strong market
guide-strong = The same firms, the same luck, and { $firm } fails in the same month; but new uses of AI are found. Parties of its contracts lose { $claims }, its owners { $equity }.
guide-healed-title = { $followers ->
    [0] Healed: { $month }
   *[other] Not healed: { $month }
 }
guide-healed = { $followers ->
    [0] Nobody has followed in { $years } years.
    [one] One firm has followed in { $years } years.
   *[other] { $followers } firms have followed in { $years } years.
 } AI sells { $grown } times what it did then. Of the { $before } that were owed for computers that nobody rented, { $now } are left; the rest is let to others or paid.
guide-odds-title = How likely is either?
guide-odds = { $firm } defaults by { $year } in { $worlds } of { $of } worlds. Where it is made to fail, another borrower that otherwise stands follows within two years in { $weak } of 100 worlds of weak demand, and in { $strong } of 100 of strong. You saw one world, chosen because it shows both ends. Now it is yours.

## End of a run

ending-head = The run is over: { $month }
ending-failed = { $count ->
    [0] No firm has failed.
    [one] One firm has failed.
   *[other] { $count } firms have failed, and { $ended } of them are wound up.
 }
ending-became = Of the { $total } borrowed for { $firm } at the start, and what came after, others now carry { $now } for it.
ending-orphaned = { $firm }, for which { $total } had been borrowed at the start, has failed; { $now } are owed for computers that nobody rents.
ending-credit = Lenders' losses on loans: { $total }
ending-claims = Promised payments of contracts that never come: { $total }
ending-equity = Owners' losses on shares: { $total }
ending-by-firm = above all because of { $firm }
ending-by-blow = after the shock that struck it
ending-by-itself = of itself, or of prices and demand
ending-rest = { $count ->
    [one] one more firm
   *[other] { $count } more firms
 }

## Line of time

page-lecture = Large type for lectures (l)
guide-slow = Slow near marks

## The picture: small lines, two runs side by side, still and video, print

picture-small = Small lines
picture-least = Hide lines below an amount
picture-all = all shown
picture-below = below { $amount } hidden
picture-film = Record a video
picture-film-stop = Stop recording and save the video
picture-mine = Your run
picture-base = The baseline: same world, same luck, nothing changed
picture-same = Both stand alike so far.
picture-apart = { $count ->
    [one] One firm stands otherwise than in the baseline (dashed rings).
   *[other] { $count } firms stand otherwise than in the baseline (dashed rings).
 }
picture-only-mine = Failed in your run alone: { $firms }.
picture-only-base = Failed in the baseline alone: { $firms }.
picture-title = { $story }, seed { $seed }
picture-title-hand = { $story }, changed by hand, seed { $seed }
picture-source = Source: Invisible Debt, an agent-based simulation and no forecast, from the balance sheets of { $opening }.
picture-film-about = Records the picture of your run from one month to another as a video, with the month, the story and the source in it. It is saved by your browser when the last month has been shown.
picture-film-first = From month
picture-film-last = To month
picture-film-start = Record
picture-film-wrong = The first month must be 0 or later and before the last one, which is { $months } at most.
picture-film-done = The video is saved.

## Many worlds of the visitor's own run

spread-tab = Many worlds
spread-what = One run is an anecdote. Here your own story, with your strikes, policies and numbers, is run in many worlds: each seed after yours draws the unknown numbers and the luck anew.
spread-run = Run { $worlds } worlds
spread-stop = Stop
spread-progress = { $done } of { $worlds } worlds made, seeds from { $first } on. They are made in the background, in turn with those of other visitors.
spread-finished = { $done } of { $worlds } worlds made, seeds from { $first } on.
spread-fault = The worlds ended early: { $fault }
spread-other = These worlds are of your run before its last change. Run them again to see the change.
spread-broken = { $runs ->
    [one] One world broke down and is left out.
   *[other] { $runs } worlds broke down and are left out.
 }
spread-nobody = Nobody fails in any of { $of } worlds.
spread-head-firm = Firm
spread-head-fails = Fails
spread-head-interval = 95 % interval
spread-head-when = Middle month of these failures
spread-fails = in { $worlds } of { $of }
spread-interval = { $low } to { $high }
spread-fan-how = The wide band holds nine worlds in ten, the narrow one half of them, the thin line is the middle. The strong line is your run up to the month shown.
spread-fan-told = { $what }: in { $when } { $middle } in the middle, { $low } to { $high } in nine worlds of ten
spread-fan-look_through_flagship = Debt that others carry for { $firm }, bn USD
spread-fan-lost = Lost by lenders so far, bn USD
spread-fan-failed = Firms that have failed so far
spread-fan-capex = Investment, bn USD a month
spread-fan-ai_revenue = AI sales, bn USD a month
spread-fan-spot_price = Rent of a GPU, USD per H100e-hour

## Story, seed and time

choice-story = Story
choice-seed = Seed
choice-central = Central
choice-central-about = The seed draws the world and the luck; with Central on it draws the luck alone, and every number that nobody knows for sure is at the middle of its range.
choice-months = Months
choice-compare = Compare
choice-unknown-story = scenario must be one of { $known }, not '{ $given }'
time-to-start = Back to the start (r)
time-back = One month back (,)
time-play = Play
time-pause = Pause
time-on = One month on (.)
time-next-failure = Next failure
time-speed = Speed
time-fastest = as fast as it goes
time-months-a-second =
    { $months ->
        [one] { $months } month a second
       *[other] { $months } months a second
    }
time-month-shown = Month shown
time-mark = { $month }: { $what }
time-fails = { $firm } fails
time-by-you = { $what }, by you
time-in-story = { $what }, in this story
time-struck = { $firm } { $what }
time-changes = { $parameter } changes

## Kinds of firms, and how they stand

kind-lab = AI lab
kind-hyperscaler = hyperscaler
kind-neocloud = neocloud
kind-vehicle = project company
kind-lender = lender
kind-vendor = chip vendor
kind-entrant = open-weights entrant
kind-outside = outside sector
plainly-hyperscaler = hyperscaler (large cloud)
plainly-neocloud = neocloud (AI cloud)
plainly-vehicle = vehicle (project company)
plainly-vendor = vendor (maker of chips)
plainly-entrant = entrant (free models)
lane-lenders = Lenders
lane-vehicles = Project companies
lane-neoclouds = AI clouds
lane-hyperscalers = Large clouds
lane-labs = AI labs
lane-others = Chips, free models
health-sound = sound
health-strained = strained
health-distressed = distressed
health-failing = failing now
health-failed = failed earlier

## Charts

chart-baseline = baseline { $value }
chart-none = No charts to show yet.
chart-download = Download all panels as PNG
chart-reading = Charts over time. Left and right arrows move through the months, Enter goes to one.
chart-what = What am I looking at?
chart-what-of = What am I looking at: { $title }
chart-failed = Failed: { $who }
chart-failures = Failures
chart-no-failures = No failures so far
chart-values = Values of { $month } · click a chart to go to a month
chart-values-dashed = Values of { $month } · dashed: baseline · click a chart to go to a month
panel-price = Price of AI work
panel-price-unit = index, { $opening } = 100
panel-price-about = What customers pay for a unit of AI work.
line-token-price = as sold
line-equal-quality-price = at equal quality
panel-rent = Rent of a GPU
panel-rent-unit = USD per H100e-hour
panel-rent-about = What an hour of computing costs to rent. When it falls, so does the value of what secures the loans.
line-spot-price = spot
line-contract-price = new contracts
panel-investment = Investment and sales
panel-investment-unit = bn USD a month
panel-investment-about = What is spent on hardware and sites, and what customers pay for AI services.
line-capex = investment
line-ai-revenue = AI sales
panel-debt = Debt
panel-debt-unit = bn USD
panel-debt-about = What labs, clouds and project companies owe.
line-debt = all debt
line-ai-debt = for AI
panel-carried = Carried for labs
panel-carried-unit = bn USD
panel-carried-about = The invisible debt: borrowed by others to serve each lab, absent from the lab's own books. A lab that has failed is counted no longer, though others still owe what was borrowed for it.
panel-failures = Failures
panel-failures-unit = firms
panel-failures-about = Firms that defaulted: in the month, of whichever way, and those that are gone.
line-failed = failed so far
line-defaults = defaults
panel-lenders = Lenders
panel-lenders-unit = bn USD
panel-lenders-about = What lenders can lose before they fail themselves.
line-lender-capital = capital
panel-credit = Credit losses and new loans
panel-credit-unit = bn USD a month
panel-credit-about = When losses rise, new loans dry up.
line-new-loans = new loans
line-lender-losses = losses
panel-hardware = Hardware
panel-hardware-unit = million H100-equivalents
panel-hardware-about = All GPUs in the economy, counted in H100s that would do the same work.
line-fleet = installed
panel-power = Power
panel-power-unit = GW
panel-power-about = Electric power that the hardware draws.
line-power-gw = drawn
panel-balance = Owns and owes
panel-balance-unit = bn USD
panel-balance-about = The difference is its net worth.
line-assets = owns
line-liabilities = owes
panel-income = Earns and pays
panel-income-unit = bn USD a month
panel-income-about = Income of the month and what it costs.
line-revenue = income
line-operating-cost = running cost
line-interest-cost = interest
panel-chance = Chance of failing within a year
panel-chance-unit = %
panel-chance-about = As its lenders see it.
line-pd-percent = chance
way-liquidation = failed
way-reorganisation = reorganisation
way-distressed-exchange = distressed exchange
way-deferral = deferral

## Beside the baseline

compare-stop = Stop comparing
compare-start = Compare with the baseline
compare-about = Runs the same economy beside yours, in the same world, with the same luck and nothing changed.
compare-first = Both begin with the same balance sheets: press Play.
compare-unit = unit
compare-this-run = this run
compare-baseline = baseline
compare-difference = difference
compare-of-failed = firms failed so far
compare-of-ai-revenue = AI sales
compare-of-capex = investment
compare-of-ai-debt = debt for AI
compare-of-look-through = carried for labs that stand
compare-of-look-through-flagship = of which for { $flagship }
compare-of-orphaned = orphaned: for firms that failed, or behind capacity that a customer left
compare-of-lender-capital = lenders' capital
compare-of-new-loans = new loans
compare-of-spot-price = rent of a GPU
compare-of-token-price = price of AI work
compare-of-fleet = hardware
compare-of-power-gw = power

## The network

network-size-note = what it owns; of lenders, what they lent here; of the failed, before that
network-size = { $what } { $amount }
network-own = what it owns
network-explained = Network of firms and what they owe each other. Arrow keys move between firms, Enter opens one, plus and minus zoom, 0 shows everything, Escape lets go. The button Table below says the same in words.
network-hint = Click, then scroll or drag to zoom and move
network-replay = Replay cascade
network-zoom-in = Zoom in
network-zoom-out = Zoom out
network-whole = Whole picture
network-download = Download as PNG
network-lines = Lines (click to hide)
network-firms = Firms (size: { $note })
network-health = Health
network-in-words = In words
network-table = Table
network-head-firm = Firm
network-head-kind = Kind
network-head-size = Size
network-head-health = Health
network-head-owes = Owes or has promised
network-head-owed = Is owed
network-kind-health = { $kind }, { $health }
network-plainly = { $kind } ({ $plainly })
network-hyperscaler = large cloud
network-neocloud = AI cloud
network-entrant = free models
network-ties =
    { $ties ->
        [one] { $what } { $amount } ({ $ties } firm)
       *[other] { $what } { $amount } ({ $ties } firms)
    }
network-a-firm = a firm
network-and-more = { $firms } and { $more } more
network-and = { $firms } and { $last }
network-prices = falling prices
network-mostly = mostly { $channel }
network-loss = { $how } { $amount }
network-fail =
    { $count ->
        [one] { $firms } fails
       *[other] { $firms } fail
    }
network-travel = losses travel on
network-by = { $what } · loss travels by { $channels }
network-round = { $month }, round { $at } of { $of }: { $what }
network-told = { $month }, { $what }
edge-loan = loan
edge-loan-verb = loan: { $from } owes { $to } { $amount }
edge-loan-gives = owes on loans
edge-loan-takes = has lent
edge-loan-about = The debtor owes the lender; the arrow points to the lender
edge-compute = compute contract
edge-compute-verb = compute contract: { $from } has promised to pay for compute to { $to } { $amount }
edge-compute-gives = has promised to pay for compute
edge-compute-takes = has sold compute for
edge-compute-about = The customer has promised to pay for compute; the arrow points to the provider
edge-order = order
edge-order-verb = order: { $from } has ordered hardware from { $to } { $amount }
edge-order-gives = has ordered hardware for
edge-order-takes = has orders for
edge-order-about = The buyer has ordered hardware; the arrow points to the vendor
edge-equity = equity
edge-equity-verb = equity: { $from } has issued shares to { $to } { $amount }
edge-equity-gives = has issued shares for
edge-equity-takes = holds shares of
edge-equity-about = The issuer's shares are held; the arrow points to the holder
channel-counterparty = counterparty
channel-customer = customer
channel-collateral = collateral
channel-funding = funding
channel-lender-to-lender = lender-to-lender
channel-vendor = vendor
channel-market = market
drawn-large = ${ $amount } tn
drawn-middle = ${ $amount } bn
drawn-small = ${ $amount } m
drawn-least = under $1 m

## The tree of failures

tree-label = Failures in the order of time, and who explains them
tree-none = Nobody has failed so far.
tree-round = { $month }, round { $round }
tree-own = its own doing
tree-yours = what you did to it
tree-market = the market
tree-others = others' failures and stress
tree-own-and-shock = its own doing and the shock that struck it
tree-firm = firm
tree-could-not-pay = { $kind }, could not or would not pay all it owed
tree-under-stress = { $kind } under stress, did not fail
tree-share = { $share } { $what }
tree-more = and { $more } smaller causes
tree-defaulted = defaulted over { $amount }
tree-stressed = stressed, stood
tree-cause = { $share } { $firm }, by { $channels }
tree-channel = { $channel } { $share }
tree-on-line = { $share } · { $channel } { $part }
tree-least = under 1 %
tree-percent = { $amount } %
tree-beside = { $firm }: { $what }

## Who funds whom

flow-label = Who lends to whom, and for whose use
flow-in-words = The same in words
flow-nothing = Nothing has been lent for AI.
flow-lenders = Who lends
flow-borrowers = Who borrows
flow-users = For whose use
flow-own = Their own business
flow-customers = Other customers
flow-idle = capacity left idle
flow-smaller = { $count } smaller ones
flow-failed = { $firm } (failed)
flow-lent = { $amount } lent to { $borrower }, for the use of { $user }
flow-more = { $firms } and { $more } more
flow-kind-lent = { $kind }, lent for AI
flow-kind-owed = { $kind }, owed for AI
flow-kind-borrowed = { $kind }, borrowed for its use
flow-to = to { $firms }
flow-for = for the use of { $firms }
flow-by = by { $firms }
flow-from = from { $firms }
flow-plain-lent = lent for AI
flow-plain-owed = owed for AI
flow-plain-borrowed = borrowed for its use

## The firm that is open

firm-choose = Click a firm in the picture, or choose one here, to see its books: what it owns and owes, whom it depends on, and, if it failed, why.
firm-opening = Opening the books …
firm-until-failed = Its books until it failed
firm-invisible = Invisible debt: who borrowed for whom
firm-balance-sheet = Balance sheet
firm-contracts = Contracts ({ $count })
firm-loans = Debt and loans ({ $count })
firm-hardware = Hardware, energy and emissions
firm-stop-paying = Stops paying
firm-fail = Fails
firm-next-month = next month
firm-state = { $kind } · { $health } · { $month }
firm-why-failed = Why it failed. { $why }.
firm-why-defaulted = Why it defaulted. { $why }.
firm-struck = You struck it in { $month }: it { $what }.
firm-gone = It has failed: it owns and owes nothing any more.
firm-orphaned = Orphaned
firm-orphaned-about = borrowed by others for its use, and still owed by them
firm-owns = Owns
firm-owes = Owes
firm-net-worth = Net worth
firm-net-worth-about = cushion against losses
firm-protected = Protected
firm-protected-until = until { $month }
firm-protected-about = by a court: its creditors must wait
firm-chance = Chance of failing
firm-chance-about = within a year, as lenders see it
firm-capital = Capital
firm-capital-about = of what it lent, weighted by risk
firm-cover = Cover
firm-cover-about = earnings over debt service
firm-times = { $number } ×
firm-ltv = Loan to value
firm-ltv-about = secured debt over collateral
firm-top-customer = Largest customer
firm-top-customer-about = { $share } of its contracts
firm-carried = Others carry for it
firm-carried-about = debt not in its books
firm-all-owned = all it owns
firm-head-owns = owns
firm-head-owes = owes
firm-head-net-worth = net worth
firm-no-contracts = No contract is running.
firm-binds-nobody = binds nobody
firm-take-or-pay = { $share } owed even if unused
firm-backstop-size = up to { $amount }
firm-backstop = only what stays unlet
firm-months-left =
    { $months ->
        [one] { $months } month to run
       *[other] { $months } months to run
    }
firm-months =
    { $months ->
        [one] { $months } month
       *[other] { $months } months
    }
firm-buys = rents from { $firm }
firm-sells = rents to { $firm }
firm-guarantees = vouches for { $firm }
firm-with-whom = with whom
firm-still-to-pay = still to pay
firm-amount = amount
firm-more-contracts = and { $count } smaller contracts
firm-more-loans = and { $count } smaller loans
firm-no-loans = No debt, and nothing lent.
firm-loans-owes = Owes { $amount }:
firm-loans-lends = Has lent { $amount }:
firm-head-kind = kind
firm-due-1 = due in 1 year
firm-due-3 = in 1 to 3
firm-due-later = later
firm-loan = { $kind }, { $rate } interest, due { $month }, secured by { $security }
firm-loan-covenant = { $kind }, { $rate } interest, due { $month }, secured by { $security }, at most { $limit } of its worth
firm-no-hardware = It runs no computers of its own.
firm-generation = generation
firm-age = age
firm-in-books = in its books
firm-worth = worth
firm-on-order = On order: { $units } { $unit }.
firm-use-later = Use, electricity and CO2 are known from { $month } on, when a month has been run.
firm-use = In use: { $share }. Electricity: { $energy } TWh a month, { $renewable } renewable; CO2: { $emissions } Mt a month.
firm-h100e = 1 H100e is as much computing as one H100 chip does; M H100e are millions of them.
firm-orphaned-owed = Orphaned, owed by those who borrowed for it
firm-carries-for = It carries for
firm-lends-for = It lends for the use of
firm-sum = { $what } ({ $amount }):
firm-head-firm = firm
firm-head-debt = debt
firm-no-debt-rests = No AI debt rests on it, in its books or in others'.

## What can be changed

change-yours = Your changes
change-undo = Undo all of them
change-from-start = { $parameter } = { $value } from the start
change-from = { $parameter } = { $value } from { $month }
change-strike = { $firm } { $what } in { $month }
change-strike-sized = { $firm } { $what } ({ $size }) in { $month }
change-strike-title = Strike a firm next month
change-what-happens = What happens
change-all-of-it = how much: all of it
change-strike-button = Strike
change-policies = Policies
change-matter = Numbers that matter most
change-all = All { $count } numbers of the model
change-search = Search: a word of the name or meaning
change-none-found = No number of the model has these words in its name or meaning.
change-more = and { $count } more: add a word
change-acting = Acting now, shocks included: { $value }.
change-span = { $low } to { $high }, default { $usual }.
change-span-drawn = { $low } to { $high }, default { $usual }, in this world { $drawn }.
policy-backstop-share = The state fills four fifths of the hole of a failing lender
policy-public-guarantee = The state bears half of lenders' losses on AI loans
policy-public-share = The state pays three tenths of hardware and sites
policy-concentration-cap = No loans to clouds with more than half of their business from one customer
policy-max-ltv = Loans at most three fifths of the worth of the hardware that secures them
policy-max-contract-tenor = Contracts to rent computers run three years at most
policy-capital-requirement = Lenders must hold half as much capital again

## Failures in sentences, and the log

tree-nobody-until = No firm has failed up to { $month }.
