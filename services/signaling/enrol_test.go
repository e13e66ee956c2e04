package signaling

import (
	"testing"
	"time"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
)

func TestWhoGetsACertificate(t *testing.T) {
	ours, err := authority.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := authority.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	request, err := authority.NewRequest("edge-1")
	if err != nil {
		t.Fatal(err)
	}
	own, foreign := authority.NewToken(ours.Cluster()), authority.NewToken(theirs.Cluster())
	for name, c := range map[string]struct {
		authority *authority.Authority
		token     string
		a         applicant
		want      fault.Code // "": it gets one
	}{
		"the token":                   {ours, own.Text(), applicant{token: own.Text()}, ""},
		"nothing":                     {ours, own.Text(), applicant{}, fault.CodeUnauthenticated},
		"another token":               {ours, own.Text(), applicant{token: authority.NewToken(ours.Cluster()).Text()}, fault.CodeUnauthenticated},
		"another cluster's token":     {ours, own.Text(), applicant{token: foreign.Text()}, fault.CodeUnauthenticated},
		"no token is configured":      {ours, "", applicant{}, fault.CodeUnauthenticated},
		"no token is configured, one": {ours, "", applicant{token: own.Text()}, fault.CodeUnauthenticated},
		"a strange region":            {ours, own.Text(), applicant{token: own.Text(), region: "EU West"}, fault.CodeInvalid},
		"a plain network":             {nil, own.Text(), applicant{token: own.Text()}, fault.CodeMethodNotAllowed},
	} {
		e, err := newEnrolment(Config{Authority: c.authority, EnrolmentToken: c.token})
		if err != nil {
			t.Fatal(err)
		}
		c.a.node, c.a.request = "edge-1", request.DER
		chain, err := e.certify(c.a, time.Now())
		if c.want == "" && (err != nil || len(chain) != 2) || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("%s: %d certificates, %v", name, len(chain), err)
		}
	}
	for name, token := range map[string]string{"another cluster's": foreign.Text(), "none": "let me in"} {
		if _, err := newEnrolment(Config{Authority: ours, EnrolmentToken: token}); err == nil {
			t.Errorf("a configured token that is %s passes", name)
		}
	}
}

func TestTokensOfAPlainNetwork(t *testing.T) {
	a, err := authority.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token, given string
		in           bool
	}{
		"the same":    {"let me in", "let me in", true},
		"another":     {"let me in", "let me out", false},
		"none":        {"let me in", "", false},
		"all may":     {"", "anything", true},
		"one of ours": {authority.NewToken(a.Cluster()).Text(), authority.NewToken(a.Cluster()).Text(), false},
	} {
		e, err := newEnrolment(Config{EnrolmentToken: c.token})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.admits(c.given); c.in && err != nil || !c.in && !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
