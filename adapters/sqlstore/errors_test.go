package sqlstore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/mattn/go-sqlite3"

	"surgicase/domain/fault"
)

// TestOutward_MySQL goes through what a server answers when it cannot work now: all of it is Unavailable, and whatever
// makes a connection useless has the transaction run again on another one.
func TestOutward_MySQL(t *testing.T) {
	for number, runsOnNew := range map[uint16]bool{
		1290: true, 1792: true, 1836: true, 1874: true, // read-only
		1047: true, 1053: true, 1080: true, 1152: true, 1158: true, 1159: true, 1160: true, 1161: true, 1184: true,
		1927: true, 3032: true, 3169: true, 4031: true, 2006: true, 2013: true, 9001: true,
		1021: false, 1114: false, 3675: false, 1026: false, 1030: false, 1036: false, // disks
		1037: false, 1038: false, 1041: false, 1135: false, // memory
		1040: false, 1203: false, 1226: false, 1129: false, 1130: false, // limits
		1044: false, 1045: false, 1698: false, 1820: false, 1862: false, 3118: false, 3955: false, 4150: false, 4151: false, 1049: false, // logins
		1317: false, 1969: false, 3024: false, 1180: false, 3100: false, 1223: false, // killed, too slow, not committed
		1205: false, 1213: false, 1020: false, 1412: false, 1615: false, 3101: false, 3572: false, // taken back
	} {
		err := fmt.Errorf("insert: %w", &mysql.MySQLError{Number: number, Message: "text"})
		if !errors.Is(outward(err), fault.Unavailable) {
			t.Errorf("error %d is %v, want Unavailable", number, outward(err))
		}
		if got := canRunOnNew(err); got != runsOnNew {
			t.Errorf("error %d runs again on a fresh connection: %v, want %v", number, got, runsOnNew)
		}
	}
	for _, number := range []uint16{1054, 1064, 1146, 1193, 1364, 1406, 1644} {
		err := &mysql.MySQLError{Number: number}
		if errors.Is(outward(err), fault.Unavailable) || canRunOnNew(err) || worthAnotherTry(err) {
			t.Errorf("error %d, which tells of a defect, is taken for an outage", number)
		}
		if joined := errors.Join(errConnect, err); !errors.Is(outward(joined), fault.Unavailable) {
			t.Errorf("error %d while connecting is no outage", number)
		}
	}
}

// A COMMIT that was interrupted may stand: only what a read-only server refused is run again.
func TestCanRunOnNew_Commit(t *testing.T) {
	for err, want := range map[error]bool{
		&mysql.MySQLError{Number: 1290}: true, &mysql.MySQLError{Number: 1836}: true, &mysql.MySQLError{Number: 1053}: false,
		&mysql.MySQLError{Number: 1160}: false, driver.ErrBadConn: false, mysql.ErrInvalidConn: false,
	} {
		if got := canRunOnNew(commitError{err}); got != want {
			t.Errorf("a commit that ended with %v runs again: %v, want %v", err, got, want)
		}
		if !errors.Is(outward(commitError{err}), fault.Unavailable) {
			t.Errorf("a commit that ended with %v is not Unavailable", err)
		}
	}
	if !canRunOnNew(driver.ErrBadConn) {
		t.Error("a transaction whose connection broke off before its COMMIT is not run again")
	}
}

func TestOutward_SQLite(t *testing.T) {
	for _, code := range []sqlite3.ErrNo{
		sqlite3.ErrFull, sqlite3.ErrReadonly, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrNomem, sqlite3.ErrCorrupt,
		sqlite3.ErrNotADB, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol,
	} {
		if err := outward(sqlite3.Error{Code: code}); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%v is %v, want Unavailable", code, err)
		}
	}
	for _, code := range []sqlite3.ErrNo{sqlite3.ErrError, sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrRange} {
		if err := outward(sqlite3.Error{Code: code}); errors.Is(err, fault.Unavailable) {
			t.Errorf("%v, which tells of a defect, is taken for an outage", code)
		}
	}
}
