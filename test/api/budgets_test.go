package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/test/given"
	"surgicase/test/hostile"
)

// TestHostileImagesHoldNobodyUp: an archive of ten images that take minutes to decode ends, with the images as they came, and
// meanwhile another caller's archive is made.
func TestHostileImagesHoldNobodyUp(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	at := p.cast()["provider"]
	bomb := hostile.Padded(hostile.JPEG(8192, 500))
	slow := hostile.Padded(hostile.JPEG(4096, 45)) // within every bound
	var ids []string
	for i := range 10 {
		id := fmt.Sprintf("c-%d", i)
		p.drafts("provider", at, id)
		content := bomb
		if i%2 == 1 {
			content = slow
		}
		p.upload("/case_files?case_id="+id+"&kind=demo&file_name=a.jpg", "provider", string(content)).is(201)
		ids = append(ids, id)
	}
	p.drafts("provider", at, "c-good")
	p.upload("/case_files?case_id=c-good&kind=demo&file_name=a.png", "provider", scan(t)).is(201)
	began, done := time.Now(), make(chan answer, 1)
	go func() {
		a, _ := p.try(http.MethodPost, "/get_case_images", "case-admin", map[string]any{"case_ids": ids})
		done <- a
	}()
	good := p.send(http.MethodPost, "/get_case_images", "global-admin", map[string]any{"case_ids": []string{"c-good"}}).is(200)
	if got := good.trailer.Get("X-Images-Compressed"); got != "1" {
		t.Errorf("%s images of another caller were made smaller", got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("another caller's archive took %v", took)
	}
	a := <-done
	a.is(200)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("ten hostile images took %v", took)
	}
	whole := 0
	for _, content := range unzipped(t, a.raw) {
		if content == string(bomb) {
			whole++
		}
	}
	if a.trailer.Get("X-Downloaded-Files") != "10" || whole != 5 {
		t.Errorf("%s files, %d of them as they came", a.trailer.Get("X-Downloaded-Files"), whole)
	}
}

// idle begins an upload and sends nothing more. It returns what ends it, and where its answer comes.
func (p *program) idle(as, first string) (end func(), done chan answer) {
	slow, feed := io.Pipe()
	done = make(chan answer, 1)
	go func() {
		a, _ := p.try(http.MethodPost, "/case_files?case_id=c-1&kind=demo", as, io.Reader(slow))
		done <- a
	}()
	if first != "" {
		_, _ = feed.Write([]byte(first))
	}
	return func() { _ = feed.Close() }, done
}

// underWay waits until so many uploads have begun to come in.
func (p *program) underWay(count int) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); p.API.UploadsUnderWay() < count; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%d uploads are under way", p.API.UploadsUnderWay())
		}
	}
}

// soon has uploads wait for their slots shortly, and idle ones live long.
func soon(parts *bootstrap.Parts) {
	parts.UploadPatience, parts.UploadGrace = 300*time.Millisecond, time.Hour
}

// begun is what an idle upload has sent: more than the client keeps to itself.
var begun = somePDF + strings.Repeat(" ", 64<<10)

func TestIdleUploadsLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	p := startWith(t, given.NewClock(), given.TempSQLite(t), nil, soon)
	p.drafts("dr-a", p.person("dr-a", 1, 1), "c-1")
	p.drafts("dr-b", p.person("dr-b", 1, 1), "c-2")
	var ends []func()
	var answers []chan answer
	for range 16 {
		end, done := p.idle("dr-a", begun)
		ends, answers = append(ends, end), append(answers, done)
	}
	p.underWay(4)
	p.upload("/case_files?case_id=c-2&kind=demo", "dr-b", somePDF).is(201)
	busy := p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).refused(429, "uploads_per_caller")
	if busy.header.Get("Retry-After") == "" || !strings.Contains(fmt.Sprint(busy.at("detail")), "UPLOADS_PER_CALLER allows 4") {
		t.Errorf("%s", busy.raw)
	}
	if got := p.API.UploadsUnderWay(); got != 4 {
		t.Errorf("%d uploads of one caller are under way", got)
	}
	for i, end := range ends {
		end()
		<-answers[i]
	}
	p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201)
}

// TestUploadsThatSendNothingHoldNoSlot, whoever they are from.
func TestUploadsThatSendNothingHoldNoSlot(t *testing.T) {
	t.Parallel()
	p := startWith(t, given.NewClock(), given.TempSQLite(t), map[string]string{"UPLOAD_CONCURRENCY": "1"}, soon)
	p.drafts("dr-a", p.person("dr-a", 1, 1), "c-1")
	end, done := p.idle("dr-a", "")
	time.Sleep(50 * time.Millisecond)
	p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201)
	end()
	<-done
}

// TestUploadsThatComeTooSlowlyEnd, and give their slots back.
func TestUploadsThatComeTooSlowlyEnd(t *testing.T) {
	t.Parallel()
	p := startWith(t, given.NewClock(), given.TempSQLite(t), map[string]string{"UPLOAD_CONCURRENCY": "1", "UPLOAD_MIN_RATE_KB": "1000"}, func(parts *bootstrap.Parts) {
		parts.UploadPatience, parts.UploadGrace = patience, 200*time.Millisecond
	})
	p.drafts("dr-a", p.person("dr-a", 1, 1), "c-1")
	for what, first := range map[string]string{"nothing": "", "a part": begun} {
		end, done := p.idle("dr-a", first)
		p.upload("/case_files?case_id=c-1&kind=note", "dr-a", somePDF).is(201)
		select {
		case a := <-done:
			a.refused(408, "upload_too_slow")
		case <-time.After(patience):
			t.Fatalf("an upload of %s does not end", what)
		}
		end()
	}
}

// TestADiskBelowItsReserveRefusesUploads, however they come, and serves everything else.
func TestADiskBelowItsReserveRefusesUploads(t *testing.T) {
	t.Parallel()
	disk, err := given.SmallDisk(t, 20) // of which a megabyte is the reserve
	if err != nil {
		t.Skip(err)
	}
	p := start(t, given.TempSQLite(t), map[string]string{"STORAGE_URL": "file://" + filepath.Join(disk.Folder, "objects")})
	p.drafts("provider", p.cast()["provider"], "c-1")
	p.filed("c-1", "provider")
	link := p.send(http.MethodPost, "/case_files/presign", "provider", planned(map[string]any{"case_id": "c-1", "kind": "note"})).is(200)
	ballast := filepath.Join(disk.Folder, "almost")
	if err := os.WriteFile(ballast, make([]byte, 19<<20+512<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, refusal := range map[string]answer{
		"an upload":     p.upload("/case_files?case_id=c-1&kind=demo&file_name=b.pdf", "provider", somePDF),
		"by link":       p.follow(link, somePDF),
		"another link":  p.send(http.MethodPost, "/case_files/presign", "provider", planned(map[string]any{"case_id": "c-1", "kind": "misc"})),
		"of the user":   p.upload("/user_files?document_type=License&user_id=provider", "provider", somePDF),
		"a made report": p.get("/payment_report", "case-admin"),
	} {
		if what == "a made report" && refusal.status == 404 {
			continue // there is nothing to report
		}
		refusal.refused(503, "disk_reserve")
		if detail := fmt.Sprint(refusal.at("detail")); !strings.Contains(detail, "DISK_RESERVE_MB keeps 1 MB") || refusal.header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", what, detail)
		}
	}
	p.get("/case_file?case_id=c-1&kind=demo", "provider").is(200)
	p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "ins_provider": "Other"}).is(200)
	p.get("/health/ready", "").is(200)
	p.get("/health", "", "Authorization", "Bearer "+metricsToken).has("status", "degraded", "components.storage.status", "degraded",
		"components.storage.details", "has less room than its reserve; uploads are refused")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.upload("/case_files?case_id=c-1&kind=demo&file_name=b.pdf", "provider", somePDF).is(201)
}

func TestDocumentsHaveQuotas(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), map[string]string{"DOCUMENT_VERSIONS": "3", "CASE_QUOTA_MB": "1"})
	p.drafts("provider", p.cast()["provider"], "c-1", "c-2")
	upload := func(id, kind, content string) answer {
		return p.upload("/case_files?case_id="+id+"&kind="+kind, "provider", content)
	}
	for range 3 {
		upload("c-1", "misc", somePDF).is(201)
	}
	refusal := upload("c-1", "misc", somePDF).refused(409, "versions_quota")
	if detail := fmt.Sprint(refusal.at("detail")); !strings.Contains(detail, "3 versions") || !strings.Contains(detail, "DOCUMENT_VERSIONS allows 3") {
		t.Error(detail)
	}
	p.send(http.MethodPost, "/case_files/presign", "provider", planned(map[string]any{"case_id": "c-1", "kind": "misc"})).refused(409, "versions_quota")
	upload("c-1", "demo", somePDF).is(201)
	large := somePDF + strings.Repeat("x", 600<<10)
	upload("c-2", "misc", large).is(201)
	refusal = upload("c-2", "note", large).refused(409, "case_quota")
	if !strings.Contains(fmt.Sprint(refusal.at("detail")), "1 MB that CASE_QUOTA_MB allows") {
		t.Errorf("%s", refusal.raw)
	}
	p.get("/case_file?case_id=c-1&kind=misc", "provider").is(200)
	p.get("/case_file?case_id=c-2&kind=misc", "provider").is(200)
}

// TestDocumentsOfAUserThatPassASizeAreToldOf once, and none is refused.
func TestDocumentsOfAUserThatPassASizeAreToldOf(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), map[string]string{"USER_WARNING_MB": "1"})
	p.cast()
	large := somePDF + strings.Repeat("x", 600<<10)
	for i, told := range []bool{false, true, true} {
		p.upload(fmt.Sprintf("/user_files?document_type=License&user_id=provider&file_name=l%d.pdf", i), "provider", large).is(201)
		metrics := string(p.get("/metrics", "", "Authorization", "Bearer "+metricsToken).is(200).raw)
		if strings.Contains(metrics, `event="user.documents_large",outcome="success"} 1`) != told {
			t.Errorf("after document %d: %v", i, grep(metrics, "documents_large"))
		}
	}
}
