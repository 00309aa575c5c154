package surgical

import (
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// ShownVersion is the version of the case, as far as the actor may know: moves above their cap raise it, and are
// taken off again. What is shown changes no more often than it says.
func (c *Case) ShownVersion(a permission.Actor) int64 {
	version := c.Version
	if c.Hidden(a) {
		for status := range c.Stamps {
			if status > c.Shown(a) {
				version--
			}
		}
	}
	return max(version, 1)
}

// ShownPayStatus is the pay status of the case, as far as the actor may know: what was waived above their cap
// shows what it was before, as a case that stands at the cap does.
func (c *Case) ShownPayStatus(a permission.Actor) pay.Status {
	switch {
	case !c.Hidden(a) || c.Pay.Status != pay.Waived:
		return c.Pay.Status
	case c.Pay.Winner != "":
		return pay.Priced
	case len(c.Codes) == 0:
		return pay.NoCodes
	}
	return pay.Unpriced
}

// ShowsPayment says whether the actor may know that the case entered a payment run.
func (s Standing) ShowsPayment(a permission.Actor) bool {
	return s.Shown(a) >= PendingPayment
}
