# ruff: noqa: E501 - one prior a line
"""What is believed about every free number of the model, apart from the range in which it may be set.

A prior is three points: 5 % and 95 % in the table below, 50 % the default of `abm.inputs.parameters`. Half of a
distribution lies on each side of the default: a number drawn as a standard normal z is carried to
``g(x) = g(default) + z / 1.645 * (g(end) - g(default))``, the end being the one on z's side, with g the logarithm
(lognormal), the number itself (normal) or its log odds (logit); `uniform` takes every number between its two ends
alike. What falls outside the legal range of the parameter is put at its end.

Priors are independent of each other. What is a choice of a policy maker, not a belief, has none (`LEVERS`).
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from abm.inputs import parameters

Z95 = 1.6448536269514722  # the 95 % point of a standard normal
KINDS = ("lognormal", "normal", "logit", "uniform")
# Choices of policy makers and switches: they are set, not believed.
LEVERS = frozenset({
    "max_contract_tenor", "capital_requirement", "concentration_cap", "max_ltv", "max_tenor", "public_guarantee",
    "public_share", "backstop_share", "take_or_pay_scale", "carbon_price",
})  # fmt: skip


class Prior(NamedTuple):
    """What is believed about one number: kind, 5 %, 50 % and 95 % points, and why."""

    name: str
    kind: str
    low: float
    median: float
    high: float
    reason: str

    def at(self, z: float) -> float:
        """The number at a standard normal draw, not yet held within any legal range.

        Parameters
        ----------
        z : float
            0 gives the median (of `uniform` the middle), -1.645 and 1.645 the 5 % and 95 % points (of `uniform` 5 %
            of the way from each end).

        Examples
        --------
        >>> round(Prior("x", "lognormal", 0.5, 1.0, 4.0, "").at(Z95), 9)
        4.0
        """
        if self.kind == "uniform":
            return self.low + (self.high - self.low) * 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
        end = self.high if z > 0.0 else self.low
        if end == self.median or z == 0.0:
            return self.median
        part = abs(z) / Z95
        if self.kind == "normal":
            return self.median + part * (end - self.median)
        if self.kind == "lognormal":
            return self.median * math.exp(part * math.log(end / self.median))
        odds = math.log(self.median / (1.0 - self.median))
        odds += part * (math.log(end / (1.0 - end)) - odds)
        return 1.0 / (1.0 + math.exp(-odds))


def _read(text: str) -> tuple[Prior, ...]:
    """Read `name | kind | 5 % | 95 % | why` lines; a heading `group:` is for the reader."""
    found = []
    for line in text.strip().splitlines():
        if "|" in line:
            name, kind, low, high, reason = (cell.strip() for cell in line.split("|"))
            median = parameters.BY_NAME[name].default if name in parameters.BY_NAME else math.nan
            found.append(Prior(name, kind, float(low), median, float(high), reason))
    return tuple(found)


TABLE = _read("""
demand:
demand_growth | lognormal | 0.7 | 1.4 | assumption: forecasters' growth of AI spending differs by a third either way
consumer_growth | lognormal | 0.7 | 1.4 | assumption: as all demand
enterprise_growth | lognormal | 0.7 | 1.4 | assumption: as all demand
small_firm_growth | lognormal | 0.7 | 1.4 | assumption: as all demand
demand_elasticity | normal | 0.5 | 1.6 | G5-036 (-1.11) in the middle; half of the way to G5-037 (-0.06) below, as far above
demand_noise | lognormal | 0.015 | 0.06 | assumption: half or double
demand_persistence | logit | 0.9 | 0.98 | assumption: half-lives of half a year to three years
demand_cycle | lognormal | 0.1 | 0.35 | G5-008, G5-011, G5-018 to G5-020: estimates of one year differ by a factor of 2.4
demand_cycle_persistence | logit | 0.9 | 0.98 | assumption: half-lives of half a year to three years
price_sensitivity | lognormal | 2 | 4.5 | assumption: half as much again either way
quality_sensitivity | lognormal | 2 | 8 | assumption: half or double
outside_ratchet | uniform | 0.5 | 1 | assumption: expectations move at least half as fast as the frontier
nest_dissimilarity | lognormal | 0.47 | 1 | assumption: half as much again either way
customers_lost | logit | 0.15 | 0.5 | assumption: half or more
switching_speed | lognormal | 0.03 | 0.15 | G5-048 (a tenth a year) to faster moves of developers (G5-049)
switching_pull | lognormal | 1 | 8 | assumption: within a factor of about three
tenant_growth | normal | 0.1 | 1 | assumption: from hardly any to the growth of G5-011 to G5-012
tenant_growth_long_run | normal | 0 | 0.16 | assumption: from none to the growth of all data centres (G6-011)
tenant_fade | lognormal | 0.15 | 0.8 | assumption: half or double
tenant_failure | lognormal | 0.03 | 0.12 | assumption: half or double
tenant_elasticity | lognormal | 0.6 | 1.4 | assumption: half as much again either way
own_growth_long_run | normal | 0.05 | 0.25 | G6-011, with 10 points either way
growth_fade | lognormal | 0.2 | 0.9 | assumption: half of the extra growth gone in nine months to three years
own_growth_noise | lognormal | 0.005 | 0.02 | assumption: half or double
other_income_growth | normal | 0.04 | 0.14 | G1-049, G1-073: five points either way
technology:
algorithmic_efficiency | lognormal | 2 | 6 | G5-026, G5-027: one halving in 5 to 14 months is 1.8 to 5.3 a year
task_complexity | lognormal | 1.5 | 7.3 | G5-025: up to the geometric mean of its range
quality_return | lognormal | 0.32 | 0.72 | assumption: half as much again either way
training_decay | lognormal | 0.033 | 0.075 | assumption: half as much again either way
quality_noise | lognormal | 0.02 | 0.12 | assumption: luck of a fifteenth to four tenths of a year over twelve months
quality_momentum | lognormal | 0.1 | 0.6 | assumption: within a factor of two and a half
momentum_persistence | logit | 0.8 | 0.95 | assumption: half-lives of three to fourteen months
spillover | lognormal | 0.2 | 1.8 | assumption: ideas leak within half a year to five
open_lag | lognormal | 0.31 | 1.5 | G5-038: 1.1 to 5.3 months over 3.5
open_gap | lognormal | 0.067 | 0.15 | assumption: half as much again either way
open_release_interval | lognormal | 2.1 | 4.2 | assumption: two fifths either way
gpu_cadence | lognormal | 9 | 16 | assumption: a year, a quarter early to four months late
gpu_generation_gain | lognormal | 0.25 | 0.55 | G4-020: 25 to 37 % a year, and as much above the default
gpu_energy_gain | lognormal | 0.26 | 0.5 | G4-022
failure_rate | lognormal | 0.01 | 0.09 | G4-077 is the high end
economic_life | lognormal | 30 | 72 | G4-057 to G4-061: 2 to 6 years
pricing:
quality_premium | lognormal | 0.93 | 2.1 | assumption: half as much again either way
gap_scale | lognormal | 0.27 | 0.6 | assumption: half as much again either way
floor_margin | logit | 0.042 | 0.15 | assumption: odds half or double
open_margin | logit | 0.064 | 0.21 | assumption: odds half or double
price_adjustment | lognormal | 0.13 | 0.3 | assumption: half as much again either way
labs:
training_scale | lognormal | 0.67 | 1.5 | assumption: half as much again either way
planning_horizon | lognormal | 9 | 22 | assumption: from a server's lead time to a site's
capacity_ambition | lognormal | 0.7 | 1.5 | assumption: rivals may build more than they plan to use
growth_belief_cap | lognormal | 0.6 | 1.4 | assumption: from fading fast to last year's growth again
belief_fade | lognormal | 0.15 | 0.6 | assumption: half or double
commitment_ratio | lognormal | 0.45 | 2.7 | assumption: what labs dare to promise is known within a factor of three
commitment_equity | lognormal | 0.1 | 0.9 | assumption: within a factor of three
tender_threshold | logit | 0.026 | 0.095 | assumption: odds half or double
tender_part | logit | 0.14 | 0.4 | assumption: odds half or double
deal_chance | lognormal | 0.02 | 0.15 | assumption: from one deal in four years to two a year
deal_after_round | lognormal | 2 | 8 | assumption: half or double
framework_part | logit | 0.25 | 0.75 | assumption: a quarter to three quarters
framework_ramp | lognormal | 20 | 45 | assumption: half as much again either way
letter_spacing | lognormal | 3 | 12 | assumption: quarters to years
runway_trigger | lognormal | 8.6 | 17 | assumption: two fifths either way
runway_target | lognormal | 14 | 28 | assumption: two fifths either way
equity_dilution | logit | 0.031 | 0.11 | assumption: odds half or double
frontier_option | lognormal | 1.5 | 9 | assumption: 24 to 50 bn over 6 to 14 bn of spending, 1.7 to 8
value_multiple | lognormal | 4 | 10 | assumption: price to sales of mature software, over the cycle
value_growth_slope | lognormal | 7 | 28 | assumption: half or double
parent_support | logit | 0.83 | 0.94 | assumption: odds within a factor of 1.8
round_spacing | lognormal | 3 | 12 | assumption: half or double
war_chest | lognormal | 12 | 40 | assumption: one to three and a half years of costs
window_shut | logit | 0.45 | 0.75 | assumption: shares down by a quarter to a half
round_success | lognormal | 0.3 | 0.68 | assumption: half as much again either way
round_excess | lognormal | 2.7 | 6 | assumption: half as much again either way
lab_cash_months | lognormal | 2.1 | 4.2 | assumption: two fifths either way
spending_cut | logit | 0.026 | 0.095 | assumption: odds half or double
cloud_overhead_growth | lognormal | 0.7 | 1.1 | assumption: a quarter either way
overhead_growth | lognormal | 0.33 | 0.75 | assumption: half as much again either way
walk_away | lognormal | 0.67 | 1.5 | assumption: half as much again either way
contracts:
take_or_pay | logit | 0.8 | 0.98 | G3-022 at the high end; other clouds sell laxer terms
contract_tenor | lognormal | 42 | 72 | G3-023: 4 to 5 years on average, six at most
tenor_flexibility | lognormal | 0.33 | 0.75 | assumption: half as much again either way
contract_lead | lognormal | 5 | 14 | G4-054, G4-056
contract_ramp | lognormal | 8.6 | 17 | assumption: two fifths either way
prepayment_share | logit | 0.026 | 0.095 | assumption: odds half or double
contract_margin | logit | 0.081 | 0.26 | assumption: odds half or double
contract_spot_weight | logit | 0.5 | 0.95 | assumption: half to nearly all of the way
contract_adjustment | lognormal | 0.1 | 0.22 | assumption: half as much again either way
security_premium | logit | 0.11 | 0.33 | assumption: odds half or double
scarcity_margin | logit | 0.18 | 0.46 | assumption: odds half or double
bid_risk_weight | lognormal | 1 | 2.2 | assumption: half as much again either way
bid_risk_cap | lognormal | 0.17 | 0.38 | assumption: half as much again either way
bid_taste | lognormal | 0.2 | 0.9 | K1-059, K1-069, K1-017: prices half as high again or a third lower for the same
seller_cap | logit | 0.3 | 0.8 | assumption: two sellers to three, or nearly one
spread_taste | lognormal | 0.1 | 0.6 | assumption: within a factor of two and a half
chip_taste | lognormal | 0.12 | 0.7 | assumption: within a factor of two and a half
partner_taste | lognormal | 0.03 | 0.25 | assumption: within a factor of three
renegotiation | lognormal | 0.67 | 1.5 | assumption: half as much again either way
renegotiation_cover | lognormal | 0.6 | 1.4 | assumption: half as much again either way
termination_months | lognormal | 8.6 | 17 | assumption: two fifths either way
late_damages | lognormal | 0.1 | 0.9 | assumption: a third or three times
late_limit | lognormal | 3 | 12 | assumption: half or double
reletting_glut | lognormal | 1 | 9 | assumption: a third or three times
reletting_months | lognormal | 6.4 | 13 | assumption: two fifths either way
amend_haircut | logit | 0.053 | 0.18 | assumption: odds half or double
amend_deferral | logit | 0.25 | 0.57 | assumption: odds half or double
amend_extension | lognormal | 8.6 | 17 | assumption: two fifths either way
rental_share | logit | 0.21 | 0.52 | assumption: odds half or double
outsourcing | logit | 0.081 | 0.26 | assumption: odds half or double
compute:
spot_adjustment | lognormal | 0.07 | 0.35 | assumption: half or double
spot_step | lognormal | 0.08 | 0.18 | assumption: half as much again either way
spot_cap | lognormal | 5.3 | 12 | assumption: half as much again either way
spot_training | logit | 0.18 | 0.46 | assumption: odds half or double
spot_shortage | logit | 0.14 | 0.4 | assumption: odds half or double
spot_budget | logit | 0.11 | 0.33 | assumption: odds half or double
sublet | logit | 0.33 | 0.67 | assumption: odds half or double
idle_reserve | logit | 0.026 | 0.095 | assumption: odds half or double
holdback | lognormal | 0.7 | 3 | assumption: half or double
renewal_tenor | lognormal | 14 | 36 | assumption: one to three years
renewal_share | logit | 0.45 | 0.87 | assumption: half to most
target_utilisation | logit | 0.67 | 0.89 | assumption: odds half or double
price_horizon | lognormal | 12 | 30 | L3-006, L3-007 and their spread
mark_discount | lognormal | 0.08 | 0.18 | assumption: half as much again either way
cost_of_capital | lognormal | 0.073 | 0.17 | assumption: half as much again either way
hurdle_margin | logit | 0.081 | 0.26 | assumption: odds half or double
speculation | lognormal | 0.53 | 1.2 | assumption: half as much again either way
speculation_cap | lognormal | 0.8 | 2.5 | assumption: from a rent of nearly three times the hurdle to twenty times
capacity_cover | lognormal | 0.7 | 1.6 | assumption: half as much again either way
hardware:
gpu_lead | lognormal | 2 | 9 | G4-055, G4-056: 8 to 39 weeks
site_lead | lognormal | 12 | 24 | G4-047: 18 to 24 months from the shell; conversions are faster
site_delay | lognormal | 0.12 | 0.5 | assumption: half or double of the spread in L3-007
site_window | lognormal | 3 | 12 | assumption: half or double
shell_lead | lognormal | 6 | 14 | L3-007, L3-008: between a conversion and a new site
shell_premium | lognormal | 0.1 | 0.5 | assumption: a tenth to a half more
shell_gw | lognormal | 2 | 8 | L3-017, L3-019: half or double
conversion_lead | lognormal | 3.6 | 13 | L3-008
conversion_premium | lognormal | 0.15 | 0.8 | assumption: from a little more to nearly double
conversion_gw | lognormal | 0.7 | 4 | assumption: the half of one landlord's to a good part of what miners had
site_ahead | lognormal | 0.67 | 1.5 | assumption: half as much again either way
site_cost | lognormal | 9 | 14 | G4-045, wider by a tenth each way
site_elasticity | lognormal | 0.4 | 2.5 | assumption: two fifths or two and a half times
site_price_speed | lognormal | 0.015 | 0.06 | assumption: half or double
site_life | lognormal | 170 | 340 | assumption: two fifths either way
grid_gw | lognormal | 14 | 50 | assumption: half to nearly double of G7-028, which counts all workloads
order_deposit | logit | 0.064 | 0.21 | assumption: odds half or double
order_smoothing | lognormal | 2.9 | 5.6 | assumption: two fifths either way
normal_backlog | lognormal | 2.5 | 7 | assumption: within a factor of 1.7
markup_speed | lognormal | 0.02 | 0.045 | assumption: half as much again either way
markup_low | lognormal | 0.47 | 1 | assumption: half as much again either way
markup_high | lognormal | 1 | 2.2 | assumption: half as much again either way
supply_growth | lognormal | 0.015 | 0.05 | G4-083 at the low end; double what was assumed at the high end
vendor_finance_share | logit | 0.026 | 0.095 | assumption: odds half or double
vendor_equity_share | logit | 0.053 | 0.18 | assumption: odds half or double
vendor_cash_share | logit | 0.053 | 0.18 | assumption: odds half or double
vendor_cash_months | lognormal | 2.1 | 4.2 | assumption: two fifths either way
vendor_payout | logit | 0.18 | 0.46 | assumption: odds half or double
vendor_loan_spread | lognormal | 0.04 | 0.09 | assumption: half as much again either way
entry_rate | lognormal | 0.33 | 0.75 | assumption: half as much again either way
entry_equity | lognormal | 0.33 | 0.75 | assumption: half as much again either way
open_entry_rate | lognormal | 0.2 | 0.45 | assumption: half as much again either way
providers:
equity_part | logit | 0.33 | 0.67 | assumption: odds half or double
rivalry | logit | 0.15 | 0.85 | assumption: from nearly one's own plan to nearly keeping one's share
capex_willingness | lognormal | 0.7 | 1.4 | assumption: a third either way
hyperscaler_debt | lognormal | 0.6 | 2.4 | assumption: half or double; 0.1 to 0.6 years in 2024, agencies leave AA names about 1.5
hyperscaler_cash_months | lognormal | 4 | 10 | K1-098, K1-119: 6.4 to 6.8 months for the leanest, 9 to 10.5 for the others
prefund_months | lognormal | 3 | 12 | assumption: half or double
leverage_speed | lognormal | 0.04 | 0.35 | Fama and French 2002 at the low end, Flannery and Rangan 2006 at the high end
cloud_leverage_speed | lognormal | 0.15 | 0.7 | assumption: half or double
bond_spacing | lognormal | 6 | 24 | assumption: half or double
cloud_debt | lognormal | 3 | 5.5 | assumption: a third either way
bond_size | lognormal | 2 | 15 | L1: issues of 5 to 30 bn, smaller ones rare
backlog_advance | lognormal | 0.25 | 1 | assumption: half or double
debt_capex_share | logit | 0.5 | 0.95 | assumption: half to nearly all
cash_buffer | lognormal | 1.4 | 2.8 | assumption: two fifths either way
provider_cash_months | lognormal | 4.3 | 8.4 | assumption: two fifths either way
provider_payout | logit | 0.053 | 0.18 | assumption: odds half or double
lockup_cover | lognormal | 0.8 | 1.8 | assumption: half as much again either way
project_share | logit | 0.2 | 0.8 | assumption: a fifth to four fifths
project_leverage | lognormal | 0.47 | 1 | assumption: half as much again either way
project_size | lognormal | 0.33 | 0.75 | assumption: half as much again either way
project_spacing | lognormal | 8.6 | 17 | assumption: two fifths either way
project_halls | lognormal | 5 | 12 | assumption: half as much again either way
project_debt | logit | 0.74 | 0.92 | assumption: odds half or double
project_overrun | logit | 0.33 | 0.67 | assumption: odds half or double
project_sweep | logit | 0.6 | 0.86 | assumption: odds half or double
project_tenor | lognormal | 51 | 100 | assumption: two fifths either way
project_spread | lognormal | 0.017 | 0.038 | assumption: half as much again either way
project_cover | lognormal | 0.83 | 1.9 | assumption: half as much again either way
lease_tenor | lognormal | 130 | 250 | assumption: two fifths either way
receipt_trust | logit | 0.83 | 0.94 | assumption: odds within a factor of 1.8
franchise | lognormal | 0.5 | 2 | assumption: half or double
option_floor | lognormal | 0.025 | 0.1 | assumption: half or double
earnings_multiple | lognormal | 13 | 30 | assumption: half as much again either way
book_floor | lognormal | 0.47 | 1 | assumption: half as much again either way
value_correlation | logit | 0.15 | 0.5 | R9-004: 15 to 40 %
premium_fade | lognormal | 0.02 | 0.08 | assumption: half or double
value_speed | lognormal | 0.17 | 0.38 | assumption: half as much again either way
credit:
base_rate | normal | 0.03 | 0.046 | G3-052
rate_reversion | lognormal | 0.033 | 0.075 | assumption: half as much again either way
rate_noise | lognormal | 0.00075 | 0.003 | assumption: half or double
default_barrier | lognormal | 0.6 | 0.95 | assumption: a quarter either way
lease_weight | logit | 0.4 | 0.8 | assumption: discount rates of 5 to 12 %, leases of 10 to 19 years
take_or_pay_weight | logit | 0.2 | 0.5 | assumption: a quarter to a half, and less
order_weight | logit | 0.3 | 0.7 | assumption: a third to two thirds
asset_volatility | lognormal | 0.35 | 0.65 | R1-008: 35 to 60 %
hyperscaler_volatility | lognormal | 0.2 | 0.35 | R1-002, R1-003: shares 38 to 53 %
project_volatility | lognormal | 0.1 | 0.22 | assumption: half as much again either way
lender_volatility | lognormal | 0.02 | 0.045 | assumption: half as much again either way
hazard_level | normal | 2.5 | 3.3 | assumption: lenders misjudge the level by a third either way
hazard_slope | lognormal | 0.48 | 0.75 | assumption: a quarter either way
rating_years | lognormal | 3 | 7 | assumption: three to seven years
customer_passthrough | logit | 0.3 | 0.7 | assumption: a third to two thirds
window_slope | lognormal | 1 | 4 | assumption: half or double
loss_given_default | logit | 0.45 | 0.75 | G3-067 and its spread
loss_given_default_secured | logit | 0.25 | 0.65 | calibration README, caution 7: no realised recovery known
return_on_capital | lognormal | 0.08 | 0.18 | assumption: half as much again either way
lender_cost | lognormal | 0.0053 | 0.012 | assumption: half as much again either way
funding_spread | lognormal | 0.00067 | 0.0015 | assumption: half as much again either way
appetite_spread | lognormal | 0.53 | 1.2 | assumption: half as much again either way
appetite_drift | lognormal | 0.013 | 0.03 | assumption: half as much again either way
loss_fear | lognormal | 4 | 9 | assumption: half as much again either way
lender_capital | lognormal | 0.67 | 1.5 | assumption: half as much again either way
capital_buffer | logit | 0.053 | 0.18 | assumption: odds half or double
loan_risk_weight | lognormal | 0.67 | 1.5 | assumption: half as much again either way
large_exposure_limit | logit | 0.14 | 0.4 | assumption: odds half or double
loan_to_cost | logit | 0.74 | 0.92 | assumption: odds half or double
lending_cover | lognormal | 0.83 | 1.9 | assumption: half as much again either way
lending_margin | lognormal | 0.02 | 0.045 | assumption: half as much again either way
spot_credit | logit | 0.33 | 0.67 | assumption: odds half or double
loan_tenor | lognormal | 43 | 84 | assumption: two fifths either way
draw_period | lognormal | 6 | 24 | assumption: half or double
bond_tenor | lognormal | 60 | 120 | assumption: two fifths either way
refinance_ahead | lognormal | 4.3 | 8.4 | assumption: two fifths either way
revolver_share | logit | 0.053 | 0.18 | assumption: odds half or double
revolver_tenor | lognormal | 34 | 67 | assumption: two fifths either way
line_trust | lognormal | 0.02 | 0.045 | assumption: half as much again either way
loan_amendment | lognormal | 0.67 | 1.5 | assumption: half as much again either way
amendment_cover | lognormal | 0.4 | 0.9 | assumption: half as much again either way
loan_deferral | logit | 0.33 | 0.67 | assumption: odds half or double
loan_extension | lognormal | 8.6 | 17 | assumption: two fifths either way
interest_deferral | logit | 0.33 | 0.67 | assumption: odds half or double
deferral_step | lognormal | 0.01 | 0.03 | assumption: one to three points
deferral_limit | lognormal | 1.5 | 6 | assumption: half or double
exchange_consent | logit | 0.67 | 0.96 | assumption: two thirds, as before a court, to nearly all
bank_risk_limit | lognormal | 0.067 | 0.15 | assumption: half as much again either way
fund_risk_limit | lognormal | 0.23 | 0.52 | assumption: half as much again either way
investment_grade_limit | lognormal | 0.008 | 0.018 | assumption: half as much again either way
high_yield_limit | lognormal | 0.13 | 0.3 | assumption: half as much again either way
securitisation_limit | lognormal | 0.033 | 0.075 | assumption: half as much again either way
covenant_ltv | lognormal | 0.67 | 1.5 | assumption: half as much again either way
cash_sweep | logit | 0.33 | 0.67 | assumption: odds half or double
acceleration_ltv | lognormal | 1 | 2.2 | assumption: half as much again either way
acceleration_cover | lognormal | 0.67 | 1.5 | assumption: half as much again either way
rate_choice | lognormal | 15 | 100 | assumption: two points of rate cost a quarter of the part or nearly all of it
relationship | lognormal | 1.2 | 5 | assumption: known lenders hardly matter, or decide
loan_ticket | lognormal | 0.7 | 6 | assumption: tickets of loans and of large deals
syndicate_size | lognormal | 3 | 12 | assumption: club deals and syndications
warehouse_advance | logit | 0.6 | 0.72 | L6-018
lender_growth | lognormal | 0.5 | 1.6 | assumption: credit dries up, or floods in
lender_growth_long_run | lognormal | 0.03 | 0.08 | assumption: nominal growth a little less or more
mandate_growth | lognormal | 0.02 | 0.15 | assumption: investors' limits hardly move, or follow all issues
mark_weight | logit | 0.4 | 0.95 | assumption: nobody knows how much of marks lenders act on
redemption_fear | lognormal | 0.3 | 3 | assumption: calm investors, or runs
redemption_gate | lognormal | 0.03 | 0.1 | assumption: funds gate earlier, or pay more
common_onset | normal | 0.7 | 0.95 | assumption: deeper or shallower falls of sentiment cost credit
common_loss_regulated | lognormal | 0.027 | 0.055 | L6-011, L6-012: 1.8 and 3.7 %
common_loss_fund | lognormal | 0.06 | 0.24 | assumption: half or double
warehouse_share | logit | 0.18 | 0.46 | assumption: odds half or double
warehouse_tenor | lognormal | 26 | 50 | assumption: two fifths either way
funding_access | lognormal | 0.013 | 0.03 | assumption: half as much again either way
asset_sale_price | logit | 0.91 | 0.97 | assumption: odds within a factor of 1.8
asset_sale_pace | lognormal | 0.04 | 0.09 | assumption: half as much again either way
lender_cash | logit | 0.005 | 0.02 | assumption: odds half or double
lender_payout | logit | 0.33 | 0.67 | assumption: odds half or double
bank_earnings | lognormal | 0.067 | 0.15 | assumption: half as much again either way
stress:
bankruptcy_cost | logit | 0.053 | 0.18 | assumption: odds half or double
rescue_cover | lognormal | 1.05 | 2 | assumption: a little to half of the value left
rescue_success | logit | 0.25 | 0.75 | assumption: a quarter to three quarters are found in a month
rescue_discount | logit | 0.2 | 0.6 | assumption: a fifth to three fifths
rescue_dilution | logit | 0.33 | 0.67 | assumption: odds half or double
rescue_months | lognormal | 3 | 12 | assumption: half or double
distress_normal | lognormal | 0.01 | 0.03 | assumption: half as much again either way, and more
distress_elasticity | lognormal | 0.25 | 0.55 | assumption: half as much again either way
reorganisation_months | lognormal | 5 | 20 | assumption: prepackaged plans to contested ones
reorganisation_cost | lognormal | 0.015 | 0.06 | assumption: half or double of Weiss 1990
rejection_cap | lognormal | 6 | 24 | assumption: half or double
plan_tenor | lognormal | 60 | 120 | assumption: two fifths either way
owners_keep | logit | 0.01 | 0.15 | assumption: hardly anything to a seventh
distressed_factor | logit | 0.25 | 0.65 | assumption: twenty points either way of G4-076
price_impact | lognormal | 4 | 14 | assumption: half to nearly double of G8-036
fire_recovery | lognormal | 0.08 | 0.18 | assumption: half as much again either way
scrap_factor | logit | 0.6 | 0.92 | assumption: a fifth less to nearly as much as providers
second_hand_cash | logit | 0.053 | 0.18 | assumption: odds half or double
second_hand_ltv | lognormal | 0.53 | 1.2 | assumption: half as much again either way
second_hand_cover | lognormal | 0.8 | 1.8 | assumption: half as much again either way
site_recovery | logit | 0.43 | 0.75 | assumption: odds half or double
other_recovery | logit | 0.18 | 0.46 | assumption: odds half or double
holdings_recovery | logit | 0.33 | 0.67 | assumption: odds half or double
loan_book_recovery | logit | 0.74 | 0.92 | assumption: odds half or double
beliefs:
expectation_speed | lognormal | 0.08 | 0.18 | assumption: half as much again either way
earnings_speed | lognormal | 0.2 | 0.45 | assumption: half as much again either way
extrapolation | lognormal | 0.6 | 1.4 | assumption: half as much again either way
sentiment_reversion | lognormal | 0.033 | 0.075 | assumption: half as much again either way
sentiment_growth | lognormal | 0.027 | 0.06 | assumption: half as much again either way
growth_yardstick | lognormal | 0.4 | 0.85 | assumption: forecasts of the growth of AI revenue to 2030 were 50 to 130 % a year
sentiment_fear | lognormal | 0.5 | 2 | assumption: half or double
doubt_gain | lognormal | 2.5 | 10 | assumption: half or double
doubt_fade | lognormal | 0.05 | 0.2 | assumption: half or double
sentiment_noise | lognormal | 0.03 | 0.08 | assumption: half or double
sponsor_share | logit | 0.14 | 0.4 | assumption: odds half or double
energy:
power_price | lognormal | 40 | 90 | G6-003 to G6-005
power_price_growth | normal | 0 | 0.06 | G6-003, G6-004
power_load_elasticity | lognormal | 0.08 | 0.18 | assumption: half as much again either way
power_load_reference | lognormal | 8 | 18 | assumption: half as much again either way
power_reversion | lognormal | 0.067 | 0.15 | assumption: half as much again either way
power_noise | lognormal | 0.015 | 0.06 | assumption: half or double
carbon_intensity | lognormal | 0.25 | 0.55 | assumption: half as much again either way
idle_power | logit | 0.18 | 0.46 | assumption: odds half or double
""")
# A line about a parameter that is no more stops no run; a test finds it.
PRIORS: Mapping[str, Prior] = {prior.name: prior for prior in TABLE if prior.name in parameters.BY_NAME}


@functools.lru_cache(maxsize=4096)
def _key(name: str) -> int:
    """What a name adds to a seed."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def standard_normals(seed: int, names: Iterable[str]) -> list[float]:
    """Standard normal draws that each depend on a seed and a name only: another name changes no other's draw.

    Parameters
    ----------
    seed : int
        Non-negative.
    names : iterable of str
        What is drawn: each is the first draw of a Philox stream of its own.

    Returns
    -------
    list of float
        In the order of the names.
    """
    stream = np.random.Philox(0)
    generator = np.random.Generator(stream)
    start = stream.state  # a new state costs far less than a new stream
    found = []
    for name in names:
        key = np.random.SeedSequence((seed, _key(name))).generate_state(2, np.uint64)
        start["state"]["key"] = cast("NDArray[np.uint64]", key)
        stream.state = start
        found.append(float(generator.standard_normal()))
    return found


def standard_normal(seed: int, name: str) -> float:
    """The one of `standard_normals` for a name."""
    return standard_normals(seed, (name,))[0]


def draw(seed: int, priors: Mapping[str, Prior] = PRIORS) -> dict[str, float]:
    """Parameters of one world.

    Parameters
    ----------
    seed : int
        Of the world; the same seed gives the same numbers.
    priors : mapping
        By parameter.

    Returns
    -------
    dict of str to float
        Within the legal ranges; parameters without a prior are left out.
    """
    return carried(priors, standard_normals(seed, [f"parameter {name}" for name in priors]))


def carried(priors: Mapping[str, Prior], normals: Iterable[float]) -> dict[str, float]:
    """Parameters at standard normal numbers, one a prior, within the legal ranges."""
    found = {}
    for (name, prior), z in zip(priors.items(), normals, strict=True):
        legal = parameters.find(name)
        found[name] = min(max(prior.at(z), legal.low), legal.high)
    return found
