package sqlstore

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"surgicase/domain/fault"
)

// A trigger is refused for more reasons than missing rights, and each has another remedy.
func TestTriggersRefused(t *testing.T) {
	t.Parallel()
	const rights, binaryLog = "Grant it TRIGGER", "log_bin_trust_function_creators=1"
	for number, want := range map[uint16]string{
		1142: rights, 1044: rights, 1419: binaryLog,
		1227: `It says "the server's words" (error 1227).`, 1064: `(error 1064).`, 1290: "", 1053: "",
	} {
		err := triggersRefused(&mysql.MySQLError{Number: number, Message: "the server's words"})
		var f *fault.Error
		if is := errors.As(err, &f); is != (want != "") || is && (f.Code != "triggers_refused" || !strings.Contains(f.Safe, want)) {
			t.Errorf("%d: %v, want %q", number, err, want)
		}
		for _, other := range []string{rights, binaryLog} {
			if f != nil && other != want && strings.Contains(f.Safe, other) {
				t.Errorf("%d is told to do what does not help: %v", number, f.Safe)
			}
		}
	}
	for _, err := range []error{nil, io.ErrUnexpectedEOF} {
		if got := triggersRefused(err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
