// Stands in for the SFU within the page: the offer sent to …/whip is answered by a second connection that hums in two
// slots, so that the page's speaking side can be tested without a server that knows WebRTC.
const realFetch = window.fetch.bind(window);
window.whip = { offers: [], deleted: 0, heard: () => 0 };
window.fetch = async (input, init = {}) => {
  const url = String(input);
  if (init.method === "DELETE" && url.includes("/whip/")) {
    window.whip.deleted++;
    return new Response(null, { status: 200 });
  }
  if (init.method !== "POST" || !url.endsWith("/whip")) return realFetch(input, init);
  window.whip.offers.push(init.body);
  const far = new RTCPeerConnection();
  window.whip.far = far;
  far.ontrack = ({ track }) => {
    const ear = new AudioContext();
    const meter = new AnalyserNode(ear);
    ear.createMediaStreamSource(new MediaStream([track])).connect(meter);
    const player = new Audio(); // without one nothing is decoded
    player.muted = true;
    player.srcObject = new MediaStream([track]);
    void player.play();
    const samples = new Float32Array(meter.fftSize);
    window.whip.heard = () => {
      meter.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    };
  };
  await far.setRemoteDescription({ type: "offer", sdp: init.body });
  const context = new AudioContext();
  for (const [i, transceiver] of far.getTransceivers().entries()) {
    if (i === 0 || i > 2) continue;
    const tone = new OscillatorNode(context, { frequency: 180 * i });
    const out = context.createMediaStreamDestination();
    tone.connect(new GainNode(context, { gain: 0.2 })).connect(out);
    tone.start();
    transceiver.direction = "sendonly";
    await transceiver.sender.replaceTrack(out.stream.getAudioTracks()[0]);
  }
  await far.setLocalDescription(await far.createAnswer());
  await new Promise((resolve) => {
    if (far.iceGatheringState === "complete") resolve();
    far.onicegatheringstatechange = () => far.iceGatheringState === "complete" && resolve();
  });
  const answer = new Response(far.localDescription.sdp, { status: 201, headers: { Location: "/v1/rooms/x/whip/fake-1.0" } });
  Object.defineProperty(answer, "url", { value: url });
  return answer;
};
