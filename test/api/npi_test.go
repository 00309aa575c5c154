package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"surgicase/adapters/stubnpi"
	"surgicase/domain/civil"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
	"surgicase/test/nppes"
)

func TestCheckNPI(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.get("/check_npi?npi=1555123458", "provider").is(200).has("npi", "1555123458", "first_name", "Rowena", "last_name", "Testwell")
		p.get("/check_npi?npi=1999999992&facility=true", "provider").is(200).has("first_name", "St. Mary's Example Hospital (Main)", "last_name", "")
		p.get("/check_npi?npi=1999999992", "provider").refused(422, "npi_wrong_kind").has("npi", "1999999992")
		p.get("/check_npi?npi=1555123458&facility=true", "provider").refused(422, "npi_wrong_kind")
		p.get("/check_npi?npi=1234567893", "provider").refused(404, "npi_not_found").has("npi", "1234567893")
		for _, wrong := range []string{"1234567890", "123456789", "12345A7893", "", "%201555123458", "١٥٥٥١٢٣٤٥٨", "15551234580"} {
			p.get("/check_npi?npi="+wrong, "provider").refused(422, "invalid_input").has("errors.0.location", "query.npi")
		}
		p.get("/check_npi", "provider").refused(422, "invalid_input")
		p.get("/check_npi?npi=1555123458", "").refused(401, "no_caller")
	})
}

func TestCheckNPIAtCMS(t *testing.T) {
	t.Parallel()
	number := given.NPIOf(1)
	server := given.StartCMS(t, npi.Record{NPI: number, Kind: npi.Individual, First: "MACY", Last: "O'BRIEN-MCKAY"})
	p := start(t, given.TempSQLite(t), map[string]string{"NPI_REGISTRY": "cms", "NPI_REGISTRY_URL": server.URL})
	p.cast()
	path := "/check_npi?npi=" + number.String()
	if age := p.get(path, "provider").is(200).has("first_name", "Macy", "last_name", "O'Brien-McKay").header.Get("Age"); age != "" {
		t.Errorf("Age of a fresh answer is %q", age)
	}
	p.clock.Advance(90 * time.Minute)
	if age := p.get(path, "provider").is(200).header.Get("Age"); age != "5400" {
		t.Errorf("Age is %q", age)
	}
	server.Behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	p.get("/check_npi?npi="+given.NPIOf(2).String(), "provider").refused(502, "npi_registry_failed")
}

// work brings about what was put off until after the commit.
func (p *program) work() {
	p.t.Helper()
	if err := p.Outbox.Work(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func TestNPIsAreVerifiedInTheBackground(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		facility := map[string]any{
			"facility_name": "Saint Something", "facility_npi": 1999999992, "facility_addr": "1 Main St", "facility_city": "Portland", "facility_state": "OR", "facility_zip": "97201",
		}
		p.send(http.MethodPost, "/facility", "provider", facility).is(201).has("npi_status", "pending", "npi_verified_at", nil)
		surgeon := map[string]any{
			"first_name": "Rowena", "last_name": "Testwell", "surgeon_npi": "1555123458", "surgeon_addr": "1 Main St", "surgeon_city": "Portland", "surgeon_state": "OR", "surgeon_zip": "97201",
		}
		made := p.send(http.MethodPost, "/surgeon", "provider", surgeon).is(201).has("npi_status", "pending")
		p.work()
		p.get("/facilities", "provider").is(200).has("facilities.1.npi_status", "mismatch", "facilities.1.registry_name", "ST. MARY'S EXAMPLE HOSPITAL (MAIN)", "facilities.1.version", 1)
		p.get("/surgeons", "provider").is(200).has("surgeons.1.npi_status", "verified", "surgeons.1.npi_verified_at", p.clock.Now().Format(time.RFC3339Nano))

		change := func(member string, value any) {
			p.send(http.MethodPatch, "/surgeon", "provider", map[string]any{"surgeon_id": made.at("surgeon_id"), member: value}).is(200)
		}
		change("last_name", "Other")
		p.get("/surgeons", "provider").is(200).has("surgeons.1.npi_status", "mismatch")
		change("surgeon_npi", 1234567893)
		p.get("/surgeons", "provider").is(200).has("surgeons.1.npi_status", "pending", "surgeons.1.registry_name", nil)
		p.work()
		p.get("/surgeons", "provider").is(200).has("surgeons.1.npi_status", "unknown", "surgeons.1.npi_verified_at", nil)

		p.person("dr-b", permission.Provider, 1)
		p.send(http.MethodPatch, "/user", "dr-b", map[string]any{"user_id": "dr-b", "user_npi": 1555123458, "first_name": "ROWENA", "last_name": "Testwell-Smith"}).is(200)
		p.work()
		p.get("/user", "dr-b").is(200).has("user.npi_status", "verified", "user.registry_name", "ROWENA TESTWELL")
	})
}

// listed fills the provider directory.
func (p *program) listed(records ...npi.Record) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		load, err := r.NPILoads.Begin(ctx, npi.File{Name: "test", SHA256: make([]byte, 32)}, p.clock.Now())
		if err == nil {
			_, err = r.NPILoads.Apply(ctx, load, npi.Batch{Rows: int64(len(records)), Records: records})
		}
		return err
	})
}

func TestSearchOfTheProviderDirectory(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		p.listed(stubnpi.Invented()...)
		for query, count := range map[string]int{
			"last_name=obrien": 1, "last_name=Macy": 2, "last_name=O%27Brien-Macy&first_name=AV": 1, "last_name=O+Brien": 1, "first_name=rowena": 1, "last_name=test&first_name=row&state=or": 1,
			"last_name=testwell&state=TX": 0, "last_name=nobody": 0, "first_name=1555123458": 1, "last_name=1555123458&first_name=": 1, "first_name=1555123459": 0,
			"first_name=1999999992": 0, "last_name=%25": -1, "last_name=test_": 1, "last_name=t%25w": 0, "": -1, "last_name=&first_name=": -1, "last_name=%F0%9F%91%8D": -1,
		} {
			for _, path := range []string{"/search_surgeon?", "/search-surgeon?"} {
				answer := p.get(path+query, "provider")
				if count < 0 {
					answer.refused(422, "invalid_input").has("errors.0.location", "query.last_name")
				} else if got := len(answer.is(200).at("surgeons").([]any)); got != count {
					t.Errorf("%s finds %d, want %d", query, got, count)
				}
			}
		}
		p.get("/search_surgeon?last_name=testwell&first_name=Ro", "provider").is(200).has("message", "Found 1 matching surgeon(s)", "search_criteria.first_name", "Ro",
			"surgeons.0.npi", 1555123458, "surgeons.0.first_name", "Rowena", "surgeons.0.address", "1 Sample Plaza", "surgeons.0.city", "Testville", "surgeons.0.state", "OR", "surgeons.0.zip", "970010001")
		for _, name := range []string{"marys", "MARY'S hospital", "st. mary", "Saint Marys", "saint mary and hospital", "1999999992", "main"} {
			p.get("/search-facility?facility_name="+url.QueryEscape(name), "provider").is(200).has("facilities.0.facility_name", "St. Mary's Example Hospital (Main)", "facilities.0.npi", 1999999992)
		}
		p.get("/search_facility?facility_name=1555123458", "provider").is(200).none("facilities")
		p.get("/search_facility?facility_name=%20", "provider").refused(422, "invalid_input").has("errors.0.location", "query.facility_name")
		p.get("/search_facility?facility_name=x&state=XX", "provider").refused(422, "invalid_input").has("errors.0.location", "query.state")
	})
}

func TestASurgeonOrFacilityFromItsNPIAlone(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		gone := npi.Record{NPI: given.NPIOf(1), Kind: npi.Individual, First: "GIL", Last: "GONE", Address: npi.Address{Line: "1 A ST", City: "B", State: "OR", ZIP: "97001"}}
		abroad := gone
		abroad.NPI, abroad.Address.State, abroad.Address.ZIP = given.NPIOf(2), "ONTARIO", "K1A 0B1"
		gone.Deactivated = civil.Date{Year: 2026, Month: time.January, Day: 2}
		p.listed(append(stubnpi.Invented(), gone, abroad)...)
		p.send(http.MethodPost, "/surgeon", "provider", map[string]any{"surgeon_npi": 1555123458}).is(201).
			has("first_name", "Rowena", "last_name", "Testwell", "surgeon_addr", "1 Sample Plaza", "surgeon_city", "Testville", "surgeon_state", "OR", "surgeon_zip", "97001-0001")
		p.send(http.MethodPost, "/surgeon", "provider", map[string]any{"surgeon_npi": "1555123458", "first_name": "Ro", "surgeon_zip": "97201"}).is(201).
			has("first_name", "Ro", "last_name", "Testwell", "surgeon_zip", "97201")
		p.send(http.MethodPost, "/facility", "provider", map[string]any{"facility_npi": 1999999992}).is(201).has("facility_name", "St. Mary's Example Hospital (Main)", "facility_state", "OR")
		for _, number := range []string{given.NPIOf(9).String(), gone.NPI.String(), "1999999992"} {
			p.send(http.MethodPost, "/surgeon", "provider", map[string]any{"surgeon_npi": number}).refused(422, "invalid_input").
				has("errors.0.location", "body.first_name", "errors.5.location", "body.surgeon_zip")
		}
		p.send(http.MethodPost, "/surgeon", "provider", map[string]any{"surgeon_npi": abroad.NPI.String()}).refused(422, "invalid_input").
			has("errors.0.location", "body.surgeon_state", "errors.1.location", "body.surgeon_zip")
		p.send(http.MethodPost, "/facility", "provider", map[string]any{"facility_npi": 1555123458}).refused(422, "invalid_input").has("errors.0.location", "body.facility_name")
		p.send(http.MethodPost, "/surgeon", "provider", map[string]any{}).refused(422, "invalid_input")
	})
}

func TestTheJobLoadsTheWeeklyFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var week bytes.Buffer
	if err := nppes.WriteZIP(&week, nppes.Spec{Rows: 40, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "NPPES_Data_Dissemination_122925_010426_Weekly_V2.zip"), week.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, given.TempSQLite(t), map[string]string{"NPI_REGISTRY": "local", "NPI_FILES_URL": "file://" + folder})
	p.cast()
	const run = "/scheduler/jobs/npi_sync/run"
	p.send(http.MethodPost, run, "case-admin", nil).refused(403, "not_allowed")
	p.send(http.MethodPost, run, "global-admin", nil).is(200).has("outcome", "1 files with 40 rows loaded, 0 rows rejected")
	p.clock.Advance(time.Minute)
	p.send(http.MethodPost, run, "global-admin", nil).is(200).has("outcome", "0 files with 0 rows loaded, 0 rows rejected")
	if found := p.get("/search_surgeon?first_name=m", "provider").is(200).at("surgeons").([]any); len(found) == 0 {
		t.Error("nobody is found")
	}
}
