// ---- How the two are connected

const STATS_MS = 1_000;
const DIRECT = { host: 'direct', srflx: 'direct, through NAT', prflx: 'direct, through NAT' };

function pathOf(local, remote) {
  const relay = [local, remote].find((candidate) => candidate?.candidateType === 'relay');
  if (relay) return `relayed by a TURN server (${relay.relayProtocol ?? relay.protocol})`;
  const type = local?.candidateType === 'host' ? remote?.candidateType : local?.candidateType;
  return `${DIRECT[type] ?? type} (${local?.protocol})`;
}

/** Browsers differ in how they say which pair of candidates is in use. */
function pairInUse(stats) {
  const all = [...stats.values()];
  const transport = all.find(({ type, selectedCandidatePairId: id }) => type === 'transport' && id);
  if (transport) return stats.get(transport.selectedCandidatePairId);
  return all.find((each) => each.type === 'candidate-pair' && (each.selected || each.nominated));
}

async function showPath() {
  const connection = link?.peerConnection;
  if (!connection) return;
  $('connection-state').textContent = connection.iceConnectionState;
  const stats = await connection.getStats();
  const pair = pairInUse(stats);
  if (!pair) return;
  const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.get(id));
  $('ice-path').textContent = pathOf(local, remote);
  const seconds = pair.currentRoundTripTime;
  $('round-trip').textContent = seconds === undefined ? '–' : `${(seconds * 1000).toFixed(1)} ms`;
}
