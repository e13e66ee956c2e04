package signaling

// Trust has a service believe its registry at once.
func (s *Service) Trust() {
	s.standing.mu.Lock()
	defer s.standing.mu.Unlock()
	s.standing.settle, s.standing.register = 0, 0
}
