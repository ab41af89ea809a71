// The second half of the clients before 1.0.

import { LEGACY_VERSIONS } from '../support/browser.mjs';
import { legacySuite } from '../support/legacy.mjs';

legacySuite(LEGACY_VERSIONS.slice(2));
