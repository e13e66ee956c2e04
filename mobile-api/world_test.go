package mobileapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestMain(m *testing.M) {
	asText := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		text, err := io.ReadAll(body)
		return string(text), err
	}
	openapi3filter.RegisterBodyDecoder(mediaSDP, asText)
	openapi3filter.RegisterBodyDecoder(mediaFragment, asText)
	testkit.Main(m)
}

// world is a gateway over HTTP, in front of services that do as told.
type world struct {
	*services
	server  *httptest.Server
	gateway *Gateway
	router  routers.Router
	keys    token.AccessKeys
	signer  token.Signer
	metrics *prometheus.Registry
	log     *buffer

	user   id.User
	access string // of user
}

type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{
		services: newServices(), router: loadContract(t), keys: token.AccessKeys{token.NewAccessKey()}, signer: token.NewSigner(),
		metrics: prometheus.NewRegistry(), log: &buffer{}, user: id.NewUser(),
	}
	conn := w.dial(t)
	c := Config{
		Rooms: roomv1.NewRoomsClient(conn), Accounts: accountv1.NewAccountsClient(conn),
		Stage: listenerstatev1.NewListenerStateClient(conn), Signaling: signalingv1.NewSignalingClient(conn),
		Tokens: w.keys, Grants: token.NewVerifier(w.signer.Public()), ChangesPerSecond: -1, Metrics: w.metrics,
		Log: obs.NewLog(w.log, slog.LevelInfo, false), Now: func() time.Time { return noon },
	}
	for _, f := range change {
		f(&c)
	}
	gateway, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.gateway, w.server = gateway, httptest.NewServer(gateway.Handler())
	t.Cleanup(func() { w.server.Close(); gateway.Close() })
	w.access = w.seal(t, id.Main, noon.Add(time.Hour))
	return w
}

func loadContract(t testing.TB) routers.Router {
	t.Helper()
	router, err := contractRouter()
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// contractRouter reads the contract once for all worlds: that takes longer than most tests.
var contractRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := parseContract()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

func readContract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := parseContract()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func parseContract() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
}

// seal makes an access token of w.user.
func (w *world) seal(t testing.TB, app id.App, expires time.Time) string {
	t.Helper()
	return w.sealed(t, token.Access{App: app, User: w.user, Name: "Cleo", Issued: noon.Add(-time.Hour), Expires: expires})
}

func (w *world) sealed(t testing.TB, access token.Access) string {
	t.Helper()
	text, err := w.keys.Seal(access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (w *world) sign(t testing.TB, change ...func(*token.Grant)) string {
	t.Helper()
	g := token.Grant{
		App: id.Main, Room: id.Room(w.room.Id), Subject: string(w.user), Right: token.RightSpeak,
		Issued: noon.Add(-time.Minute), Expires: noon.Add(4 * time.Minute),
	}
	for _, f := range change {
		f(&g)
	}
	text, err := w.signer.Sign(g)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// call is one exchange. Its path may say {room}.
type call struct {
	method, path, body string
	header             map[string]string
	bearer             string
	// outside says that the request breaks the contract on purpose.
	outside bool
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a call, and checks it and its answer against the contract.
func (w *world) do(t testing.TB, c call) reply {
	t.Helper()
	path := strings.ReplaceAll(c.path, "{room}", w.room.Id)
	request, err := http.NewRequestWithContext(t.Context(), c.method, w.server.URL+path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	response, err := w.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{response.StatusCode, response.Header, body}
	w.conform(t, c, request, got)
	return got
}

func (w *world) conform(t testing.TB, c call, request *http.Request, got reply) {
	t.Helper()
	route, parameters, err := w.router.FindRoute(request)
	if err != nil || strings.HasSuffix(c.path, "/") {
		if !c.outside {
			t.Fatalf("%s %s is not in the contract: %v", c.method, c.path, err)
		}
		return
	}
	if request.Body, err = request.GetBody(); err != nil {
		t.Fatal(err)
	}
	asked := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true,
		},
	}
	if err := openapi3filter.ValidateRequest(t.Context(), asked); err != nil && (!c.outside || got.status < 300) {
		t.Errorf("%s %s answered %d to a request that breaks the contract: %v", c.method, c.path, got.status, err)
	}
	answered := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: got.status, Header: got.header, Options: asked.Options,
		Body: io.NopCloser(bytes.NewReader(got.body)),
	}
	if err := openapi3filter.ValidateResponse(t.Context(), answered); err != nil {
		t.Errorf("%s %s: the answer breaks the contract: %v\n%d %s", c.method, c.path, err, got.status, got.body)
	}
	if got.status >= 400 && !slices.Contains(faultsOf(t, route.Operation), got.fault().Code) {
		t.Errorf("%s %s: the contract does not have %s", c.method, c.path, got.body)
	}
}

// faultsOf are the codes that the contract gives an operation.
func faultsOf(t testing.TB, o *openapi3.Operation) []fault.Code {
	t.Helper()
	listed, ok := o.Extensions["x-faults"].([]any)
	if !ok {
		t.Fatalf("%s has no x-faults", o.OperationID)
	}
	codes := make([]fault.Code, len(listed))
	for i, code := range listed {
		codes[i] = fault.Code(code.(string))
	}
	return codes
}

func (r reply) fault() *fault.Fault { return fault.ReadHTTP(r.status, r.body) }

// want checks a status, for errors a code.
func (r reply) want(t testing.TB, status int, code fault.Code) reply {
	t.Helper()
	if r.status != status || code != "" && r.fault().Code != code {
		t.Errorf("answered %d %s, want %d %s", r.status, r.body, status, code)
	}
	if id := r.header.Get("X-Request-Id"); code != "" && len(r.body) > 0 && !strings.Contains(string(r.body), `"request_id":"`+id+`"`) {
		t.Errorf("the answer %s lacks the request id %q", r.body, id)
	}
	return r
}

func (r reply) read(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}
