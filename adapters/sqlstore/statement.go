package sqlstore

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/logger"
)

// Statement is what may be known outside of a statement that ran: never its values.
type Statement struct {
	Operation string // "select", "insert", "update", "delete" or "other"
	Table     string // the first it names, "" if none
	Took      time.Duration
	Err       error
}

// bystanders are functions of this package through which statements pass.
var bystanders = []string{"listener.", "Statement.", "(*session).query", "(*session).row", "(*session).exec", "(*session).heard"}

// Name names the method of this package that a statement comes from, such as "casebookRepo.List". Only
// who hears of the statement may ask: it is read off the stack.
func (Statement) Name() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		name, ours := strings.CutPrefix(frame.Function, "surgicase/adapters/sqlstore.")
		if ours && !slices.ContainsFunc(bystanders, func(of string) bool { return strings.HasPrefix(name, of) }) {
			return strings.NewReplacer("(*", "", ")", "").Replace(name)
		}
		if !more {
			return ""
		}
	}
}

// listener is a GORM logger that passes on that a statement ran.
type listener struct {
	heard func(context.Context, Statement)
}

func (l listener) LogMode(logger.LogLevel) logger.Interface    { return l }
func (listener) Info(context.Context, string, ...interface{})  {}
func (listener) Warn(context.Context, string, ...interface{})  {}
func (listener) Error(context.Context, string, ...interface{}) {}

// ParamsFilter keeps values out of the text of statements, which may be patients' names.
func (listener) ParamsFilter(_ context.Context, sql string, _ ...interface{}) (string, []interface{}) {
	return sql, nil
}

// Trace implements logger.Interface.
func (l listener) Trace(ctx context.Context, begin time.Time, text func() (string, int64), err error) {
	if l.heard == nil {
		return
	}
	took := time.Since(begin) //nolint:forbidigo // measures the statement; no rule depends on it
	sql, _ := text()
	s := Statement{Took: took, Err: err}
	s.Operation, s.Table = subject(sql)
	l.heard(ctx, s)
}

// subject reads what a statement does and to which table: the first word, and the one after FROM, INTO
// or UPDATE.
func subject(sql string) (operation, table string) {
	operation, rest := word(sql)
	before := ""
	switch operation {
	case "update":
	case "select", "delete":
		before = "from"
	case "insert":
		before = "into"
	default:
		return "other", ""
	}
	for w := ""; rest != "" && w != before; {
		w, rest = word(rest)
	}
	if table, _ = word(rest); strings.HasPrefix(table, "(") {
		table = ""
	}
	return operation, table
}

// word takes the next word off a statement, in small letters and without quotes. A parenthesis is
// a word.
func word(sql string) (word, rest string) {
	sql = strings.TrimLeft(sql, " \t\n,")
	end := strings.IndexAny(sql, " \t\n,()")
	switch end {
	case -1:
		end = len(sql)
	case 0:
		end = 1
	}
	return strings.ToLower(strings.Trim(sql[:end], "`\"")), sql[end:]
}
