package bootstrap

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"surgicase/adapters/httpapi"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// levels are the names of decisions 10 for zap's levels.
var levels = map[Choice]zapcore.Level{"DEBUG": zap.DebugLevel, "INFO": zap.InfoLevel, "WARNING": zap.WarnLevel, "ERROR": zap.ErrorLevel}

// newLogger writes JSON lines: to standard output when serving, else to standard error.
func newLogger(c Config, parts Parts) *zap.Logger {
	var out io.Writer = os.Stderr
	switch {
	case parts.Log != nil:
		out = parts.Log
	case c.serving:
		out = os.Stdout
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.TimeKey, encoding.MessageKey = "timestamp", "event"
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(out)), levels[c.LogLevel]))
}

// eventLog is ports.Events on zap: one line per event.
type eventLog struct{ log *zap.Logger }

// Happened implements ports.Events. Faults of callers are worth a quiet line, what nobody is told of
// otherwise a warning, defects a loud line.
func (l eventLog) Happened(ctx context.Context, e ports.Event) {
	fields := []zap.Field{}
	if request, trace := httpapi.RequestOf(ctx); request != "" {
		fields = append(fields, zap.String("request_id", request), zap.String("trace_id", trace))
	}
	for _, v := range e.Values {
		fields = append(fields, zap.String(v.Name, v.Text))
	}
	if e.Took > 0 {
		fields = append(fields, zap.Duration("took", e.Took))
	}
	outcome := e.Outcome
	if outcome == "" {
		outcome = outcomeOf(e.Err)
	}
	fields = append(fields, zap.String("outcome", outcome))
	if outcome == "defect" {
		l.log.Error(e.Name, append(fields, zap.Error(e.Err))...)
		return
	}
	if worthAWarning(e) {
		l.log.Warn(e.Name, fields...)
		return
	}
	if e.Err == nil && slices.Contains(routine, e.Name) {
		l.log.Debug(e.Name, fields...)
		return
	}
	l.log.Info(e.Name, fields...)
}

// routine are events that come by the dozen and tell an operator nothing while they succeed.
var routine = []string{"outbox.find_files"}

// behind are the events of work that goes on behind the requests: when it fails nobody gets an answer.
var behind = []string{ports.BackgroundFailed, "outbox.", "job.", "mail."}

// worthAWarning says whether an event is a failure that is no caller's fault.
func worthAWarning(e ports.Event) bool {
	switch coarse(e) {
	case "success":
		return false
	case "failed":
		return true
	}
	return errors.Is(e.Err, fault.Upstream) || slices.ContainsFunc(behind, func(start string) bool { return strings.HasPrefix(e.Name, start) })
}

func outcomeOf(err error) string {
	switch code := fault.CodeOf(err); {
	case err == nil:
		return "success"
	case code != "":
		return code
	case tookTooLong(err):
		return "timeout"
	}
	return "defect"
}

// accessLog writes the access line of a request.
func accessLog(log *zap.Logger) func(context.Context, httpapi.Access) {
	return func(_ context.Context, a httpapi.Access) {
		fields := []zap.Field{
			zap.String("request_id", a.RequestID), zap.String("trace_id", a.TraceID), zap.String("method", a.Method), zap.String("route", a.Route),
			zap.Int("status", a.Status), zap.Duration("took", a.Took), zap.Int("bytes", a.Bytes), zap.String("actor", a.Actor),
		}
		if a.FaultCode != "" {
			fields = append(fields, zap.String("code", a.FaultCode))
		}
		if a.Status < 500 {
			log.Info("request", fields...)
			return
		}
		if a.Err != nil {
			fields = append(fields, zap.Error(a.Err))
		}
		if a.Stack != "" {
			fields = append(fields, zap.String("stack", a.Stack))
		}
		log.Error("request", fields...)
	}
}
