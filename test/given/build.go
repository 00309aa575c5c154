package given

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

var (
	_ ports.Clock = (*Clock)(nil)
	_ ports.IDs   = (*IDs)(nil)
)

// Morning is when tests begin: a Monday, with microseconds that must not get lost.
var Morning = time.Date(2026, time.March, 2, 9, 30, 15, 123456000, time.UTC)

// Clock is a ports.Clock that stands still until somebody moves it.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	panic string
}

// NewClock gives a clock that shows Morning.
func NewClock() *Clock { return &Clock{now: Morning} }

// Now implements ports.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panic != "" {
		panic(c.panic)
	}
	return c.now
}

// Panic makes the clock panic with a text instead of telling the time; "" ends that.
func (c *Clock) Panic(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panic = text
}

// Set moves the clock to a time.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// IDs is a ports.IDs that counts. What it makes looks like the real thing and sorts in order.
type IDs struct{ last atomic.Int64 }

// CaseID implements ports.IDs.
func (i *IDs) CaseID() ident.CaseID { return ident.CaseID(i.Unique()) }

// Unique implements ports.IDs.
func (i *IDs) Unique() string {
	return fmt.Sprintf("01954000-0000-7000-8000-%012d", i.last.Add(1))
}

// Key implements ports.IDs.
func (i *IDs) Key() []byte {
	key := sha256.Sum256([]byte(i.Unique()))
	return key[:]
}

// NPI is a valid NPI.
var NPI = func() npi.NPI {
	n, err := npi.Make("123456789")
	if err != nil {
		panic(err)
	}
	return n
}()

// NPIOf gives the valid NPIs one by one.
func NPIOf(n int) npi.NPI {
	number, err := npi.Make(fmt.Sprintf("%09d", 100_000_000+n))
	if err != nil {
		panic(err)
	}
	return number
}

// User is an active user of a type, with every field filled and one document.
func User(id ident.UserID, t permission.UserType) *directory.User {
	name := surgical.NewPHI("licence-" + string(id) + ".pdf")
	return &directory.User{
		ID: id, Email: "someone@example.com", First: "Ann", Last: "Provider-" + string(id), Addr1: "1 Main St", Addr2: "Suite 2",
		City: "Springfield", State: "IL", ZIP: "62701", Telephone: "2175550100", NPI: NPI, ReferredBy: "a friend", MessagePref: 1,
		StatesLicensed: "IL,WI", Timezone: "America/Chicago", Credentials: "CRNA",
		InsuranceEnds: civil.Date{Year: 2027, Month: time.June, Day: 30}, TaxID: surgical.NewPHI("123456789"),
		Type: t, Tier: 1, Active: true, CreatedAt: Morning, UpdatedAt: Morning,
		Documents: []directory.UserDocument{{ID: 1, Type: "Medical License", Name: name, Key: directory.DocumentKey(id, name)}},
	}
}

// Surgeon is a surgeon of a provider.
func Surgeon(owner ident.UserID) *directory.Surgeon {
	return &directory.Surgeon{Owner: owner, First: "Sam", Last: "Surgeon", NPI: NPI, Address: address(), CreatedAt: Morning}
}

// Facility is a facility of a provider.
func Facility(owner ident.UserID) *directory.Facility {
	return &directory.Facility{Owner: owner, Name: "General Hospital", NPI: NPI, Address: address(), CreatedAt: Morning}
}

func address() directory.Address {
	return directory.Address{Line: "5 Clinic Way", City: "Madison", State: "WI", ZIP: "53703-1234"}
}

// Case is a priced draft with a demo file, a note file and one code. The patient is called after the
// case, so that no two cases are twins.
func Case(id ident.CaseID, owner ident.UserID) *surgical.Case {
	key := sha256.Sum256([]byte(id))
	c := surgical.New(surgical.Facts{
		ID: id, Owner: owner, Date: civil.Date{Year: 2026, Month: time.February, Day: 27},
		Patient: surgical.Patient{First: surgical.NewPHI("Pat"), Last: surgical.NewPHI("Patient-" + string(id)), Born: surgical.NewPHI("1961-07-08")},
		Insurer: "Acme Insurance",
		Codes:   []surgical.Code{{Procedure: "Z9001", Modifiers: []string{"50"}}},
		Files: map[surgical.FileKind]surgical.PHI{
			surgical.DemoFile: surgical.NewPHI("demo-" + string(id) + ".pdf"), surgical.NoteFile: surgical.NewPHI("note-" + string(id) + ".pdf"),
		},
	}, key[:], Morning)
	c.Pay = surgical.Worth{Amount: 125_050, Category: "general", Status: pay.Priced, Tier: 1, Winner: "Z9001", At: Morning}
	return c
}
