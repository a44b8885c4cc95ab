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
