"""The credit market: exposures."""

from village import Village

from abm.markets.credit import exposure


def test_exposure_counts_live_loans_between_the_two():
    v = Village()
    bank, other, cloud = v.lender(), v.lender(), v.neocloud()
    v.loan(bank, cloud, 3.0)
    v.loan(bank, cloud, 0.5)
    v.loan(other, cloud, 7.0)
    assert v.run(exposure, bank, cloud) == 3.5
    v.audit()
