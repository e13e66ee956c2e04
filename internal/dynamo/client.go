package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	endpointRegion = "us-east-1"
	madeUpKey      = "local" // for endpoints that check none

	dialTimeout = 500 * time.Millisecond
	idle        = 64 // connections kept open
	// tries of one call. Beside it the SDK's bucket bounds retries over all calls: 100 at once, then one for every five
	// calls that succeed, so that a database in trouble does not get more of it.
	tries     = 4
	firstWait = 50 * time.Millisecond
	mostWait  = 400 * time.Millisecond
)

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("dynamo: an endpoint is http://host:port or https://host:port")
	}
	return nil
}

// connect makes a client that calls nobody yet, and the transport it uses.
func connect(ctx context.Context, cfg Config, timeout time.Duration, m *metrics) (*dynamodb.Client, *http.Transport, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
			t.ResponseHeaderTimeout = timeout / 2 // one try; a server that hangs leaves time for another
			t.MaxIdleConns, t.MaxIdleConnsPerHost = idle, idle
		})),
	}
	region := cfg.Region
	if region == "" && cfg.Endpoint != "" {
		region = endpointRegion
	}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	if cfg.Credentials == CredentialsStatic {
		key, secret := cfg.AccessKey, cfg.SecretKey
		if key == "" {
			key, secret = madeUpKey, madeUpKey
		}
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(key, secret, "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("dynamo: read the environment's AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return nil, nil, errors.New("dynamo: no region: neither the configuration nor AWS_REGION says one")
	}
	buildable, ok := loaded.HTTPClient.(*awshttp.BuildableClient) // with the environment's certificates, where it has some
	if !ok {
		return nil, nil, fmt.Errorf("dynamo: the AWS configuration made a client of type %T", loaded.HTTPClient)
	}
	transport := buildable.GetTransport()
	client := dynamodb.NewFromConfig(loaded, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport}
		o.Retryer = retryer(m)
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
	})
	return client, transport, nil
}

// retryer waits a random time that may double with every try.
func retryer(m *metrics) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = tries
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
			m.retried(err)
			return rand.N(min(firstWait<<min(attempt, 8), mostWait)), nil
		})
	})
}
