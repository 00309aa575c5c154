package given

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// ClickUp stands in for the API of ClickUp. It demands what the real one demands of a request and
// complains to the test about everything else.
type ClickUp struct {
	URL string

	t      testing.TB
	mu     sync.Mutex
	tasks  map[string]ClickUpTask
	calls  int
	answer http.HandlerFunc // instead of ours
}

// ClickUpTask is a task as it was sent.
type ClickUpTask struct {
	Name, Description string
	Priority          int
	Tags              []string
}

// Who may write to which list.
const (
	ClickUpToken = "pk_not_a_token"
	ClickUpList  = "901234"
)

// StartClickUp starts one; it ends with the test.
func StartClickUp(t testing.TB) *ClickUp {
	t.Helper()
	c := &ClickUp{t: t, tasks: map[string]ClickUpTask{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Answer makes it answer everything in another way; nil makes it work again.
func (c *ClickUp) Answer(how http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = how
}

// Tasks are those that it has, by id.
func (c *ClickUp) Tasks() map[string]ClickUpTask {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]ClickUpTask{}
	for id, task := range c.tasks {
		all[id] = task
	}
	return all
}

// Lose makes it forget a task.
func (c *ClickUp) Lose(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tasks, id)
}

var clickUpPath = regexp.MustCompile(`^/api/v2/(list/` + ClickUpList + `/task|task/([a-z0-9]+))$`)

// ServeHTTP answers as ClickUp does.
func (c *ClickUp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.answer != nil {
		c.answer(w, r)
		return
	}
	if r.Header.Get("Authorization") != ClickUpToken {
		w.WriteHeader(http.StatusUnauthorized)
		reply(w, map[string]any{"err": "Token invalid", "ECODE": "OAUTH_025"})
		return
	}
	var task ClickUpTask
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	at := clickUpPath.FindStringSubmatch(r.URL.Path)
	if err := body.Decode(&task); err != nil || at == nil || r.Header.Get("Content-Type") != "application/json" || task.Name == "" || task.Priority < 1 || task.Priority > 4 {
		c.t.Errorf("ClickUp got %s %s %+v: %v", r.Method, r.URL.Path, task, err)
		return
	}
	id := at[2]
	switch {
	case r.Method == http.MethodPost && id == "":
		id = "86c" + strconv.Itoa(c.calls)
	case r.Method == http.MethodPut && id != "":
		before, known := c.tasks[id]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			reply(w, map[string]any{"err": "Task not found", "ECODE": "ITEM_013"})
			return
		}
		task.Tags = before.Tags
	default:
		c.t.Errorf("ClickUp got %s %s", r.Method, r.URL.Path)
	}
	c.tasks[id] = task
	reply(w, map[string]any{"id": id, "name": task.Name, "url": "https://app.clickup.com/t/" + id, "custom_id": nil, "text_content": strings.Repeat("x", 10)})
}
