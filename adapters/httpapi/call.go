package httpapi

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"surgicase/application/access"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

// Access is what is worth noting of an answered request. It holds no query and no body.
type Access struct {
	RequestID string
	TraceID   string
	Method    string
	Route     string // template, "" if no route matched
	Operation string // its id, the same under every spelling of the path; "" if none was reached
	Outcome   string // of the operation, where the status does not tell: NoChanges or Partly
	Status    int
	Took      time.Duration
	Bytes     int
	Actor     string
	FaultCode string
	Err       error  // for the log only
	Stack     string // of a panic
}

// call is what is known of the request being answered; it travels in the context.
type call struct {
	requestID string
	traceID   string
	address   string // of the client
	proxied   bool   // a trusted proxy passed it on
	scheme    string // of WWW-Authenticate
	actor     permission.Actor
	caller    access.Caller       // confirms the actor in transactions
	confirmed *confirmation       // nil before there is a caller
	writer    http.ResponseWriter // reaches the connection
	watching  bool                // may watch the operations without being anybody
	operation string
	outcome   string
	faultCode string
	err       error
	stack     string
}

// Outcomes of an operation that succeeded, as far as it went.
const (
	NoChanges = "no_changes"
	Partly    = "partial_failure"
)

// changed notes that an update found nothing to change.
func changed(ctx context.Context, fields []string) []string {
	if len(fields) == 0 {
		callOf(ctx).outcome = NoChanges
	}
	return fields
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// RequestOf gives the ids of the request being answered, "" where none is.
func RequestOf(ctx context.Context) (requestID, traceID string) {
	c := callOf(ctx)
	return c.requestID, c.traceID
}

// actorOf is the caller, as identified by the middleware.
func actorOf(ctx context.Context) permission.Actor { return callOf(ctx).actor }

// begin opens the call: request id, trace id, time limit, headers that every answer has; and reports
// it when it is answered.
func (a *API) begin(gc *gin.Context) {
	start := time.Now() //nolint:forbidigo // measures the answer; no rule depends on it
	c := &call{requestID: requestID(gc.GetHeader("X-Request-ID")), traceID: traceID(gc.GetHeader("traceparent"))}
	c.writer = gc.Writer
	c.address, c.proxied = a.origin(gc.Request)
	c.scheme = challengeSchemes[a.settings.Auth.Mode]
	timeout := a.settings.Timeout
	if a.slow[gc.Request.Method+" "+gc.FullPath()] {
		timeout = a.patience(gc)
	}
	ctx, cancel := context.WithTimeout(c.caller.In(context.WithValue(gc.Request.Context(), callKey{}, c)), timeout)
	defer cancel()
	gc.Request = gc.Request.WithContext(ctx)
	h := gc.Writer.Header()
	h.Set("X-Request-ID", c.requestID)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if gc.Request.TLS != nil || (c.proxied && strings.EqualFold(gc.GetHeader("X-Forwarded-Proto"), "https")) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	gc.Next()
	if a.settings.OnRequest == nil {
		return
	}
	a.settings.OnRequest(ctx, Access{
		RequestID: c.requestID, TraceID: c.traceID, Method: gc.Request.Method, Route: gc.FullPath(), Operation: c.operation, Outcome: c.outcome, Status: gc.Writer.Status(),
		Took: time.Since(start), Bytes: gc.Writer.Size(), Actor: string(c.actor.User), FaultCode: c.faultCode, Err: c.err, Stack: c.stack, //nolint:forbidigo // as above
	})
}

// patience gives a request on which a document travels more time, also at its connection.
func (a *API) patience(gc *gin.Context) time.Duration {
	end := time.Now().Add(transferTimeout) //nolint:forbidigo // a deadline of the network; no rule depends on it
	connection := http.NewResponseController(gc.Writer)
	_ = connection.SetReadDeadline(end) // what cannot be set stays as it is
	_ = connection.SetWriteDeadline(end.Add(a.settings.Timeout))
	return transferTimeout
}

// requestID takes over a caller's id if it is harmless, else makes one.
func requestID(given string) string {
	ok := given != "" && len(given) <= 64
	for i := 0; ok && i < len(given); i++ {
		b := given[i]
		ok = b == '-' || b == '_' || b == '.' || (b >= '0' && b <= '9') || (b|0x20 >= 'a' && b|0x20 <= 'z')
	}
	if ok {
		return given
	}
	return uuid.NewString()
}

// traceID reads W3C traceparent: 00-<32 hex>-<16 hex>-<2 hex>; what is not valid starts anew.
func traceID(header string) string {
	parts := strings.Split(header, "-")
	if len(parts) >= 4 && len(parts[0]) == 2 && parts[0] != "ff" && len(parts[1]) == 32 && strings.Trim(parts[1], "0") != "" {
		if _, err := hex.DecodeString(parts[1]); err == nil {
			return parts[1]
		}
	}
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

// recover turns a panic into a 500 that says nothing; the log gets the stack.
func (a *API) recover(gc *gin.Context) {
	defer func() {
		if r := recover(); r != nil {
			if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) { // an answer that cannot be finished: the connection says so
				panic(r)
			}
			c := callOf(gc.Request.Context())
			c.stack = string(debug.Stack())
			if gc.Writer.Written() {
				return // the client went away while we answered
			}
			a.answerStatus(http.StatusInternalServerError, "internal_error", internalText)(gc)
		}
	}()
	gc.Next()
}

// cors answers browsers from allowed origins; there are none by default.
func (a *API) cors(gc *gin.Context) {
	origin := gc.GetHeader("Origin")
	if origin == "" || !slices.Contains(a.settings.Origins, origin) {
		return
	}
	h := gc.Writer.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Disposition, Content-Range, ETag, Link, Location, X-Request-ID, X-Total-Count, Retry-After")
	if gc.Request.Method == http.MethodOptions && gc.GetHeader("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, Traceparent, X-Content-SHA256, X-Request-ID, X-User-ID")
		h.Set("Access-Control-Max-Age", "600")
		gc.AbortWithStatus(http.StatusNoContent)
	}
}

// answerStatus answers a problem that has no fault behind it.
func (a *API) answerStatus(status int, code, text string) gin.HandlerFunc {
	return func(gc *gin.Context) {
		callOf(gc.Request.Context()).faultCode = code
		p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: text, Code: code}
		p.Instance = callOf(gc.Request.Context()).requestID
		writeProblem(gc.Writer, p)
		gc.Abort()
	}
}

func (a *API) answerFault(f *fault.Error) gin.HandlerFunc {
	return func(gc *gin.Context) {
		writeProblem(gc.Writer, problemOf(gc.Request.Context(), f))
		gc.Abort()
	}
}
