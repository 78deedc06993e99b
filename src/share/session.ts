import type { SharedFiles } from '../base/shared-files.ts';
import { DirectoryListings } from './directory-listing.ts';
import { FidTable } from './fid-table.ts';
import type { FileIdentifiers } from './file-identifier.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const MOST_FIDS = 1 << 16;

/** What lasts from one negotiation of the protocol's version to the next. */
export class Session {
  readonly files: SharedFiles;
  /** The longest message that either side may send, in bytes; 0 before the client has asked for a version. */
  readonly longestMessage: number;
  readonly fids = new FidTable(MOST_FIDS);
  readonly identifiers: FileIdentifiers;
  readonly listings = new DirectoryListings();

  constructor(files: SharedFiles, identifiers: FileIdentifiers, longestMessage: number) {
    this.files = files;
    this.identifiers = identifiers;
    this.longestMessage = longestMessage;
  }
}

/**
 * Answers one kind of request. It reads the request, and takes or frees fids, before it first waits, so that requests have their
 * effect on fids in the order in which they came. Rejects with a `LinuxError`.
 */
export type RequestHandler = (request: MessageReader, reply: MessageWriter, session: Session) => Promise<void>;
