import type { Construct, IConstruct } from 'constructs';
import { checkCertificate } from '../certificate';
import { invalidProp, typeOf } from '../invalid-prop';
import { rdsRoot } from './rds-root';

/** The launcher puts the roots that Node brings in its place. */
const WELL_KNOWN = 'well-known';

/** By which root certificates nodes verify the database. There is no way around it. */
export abstract class DatabaseCa {
  /**
   * The RSA2048-G1 root of RDS in the region of the stack: for instances and
   * clusters of RDS and Aurora, Serverless v2 among them. An RDS Proxy and
   * Aurora Serverless v1 have another one: `wellKnown()`.
   */
  public static rds(): DatabaseCa {
    return new RdsRoot();
  }

  /**
   * The public authorities that Node trusts: for an RDS Proxy, for Aurora
   * Serverless v1, and for servers with a certificate that browsers take. Of no
   * use for RDS itself, whose roots are no public ones.
   */
  public static wellKnown(): DatabaseCa {
    return new WellKnown();
  }

  /**
   * One root certificate: for servers of your own, and for RDS with another
   * authority than RSA2048-G1.
   *
   * @param certificate the text of the PEM file, not its path
   */
  public static pem(certificate: string): DatabaseCa {
    return new Pem(certificate);
  }

  /** The text of the certificate. Called by the database. */
  public abstract bind(scope: Construct): string;
}

class RdsRoot extends DatabaseCa {
  public bind(scope: Construct): string {
    return rdsRoot(scope, 'database.ca');
  }
}

class WellKnown extends DatabaseCa {
  public bind(): string {
    return WELL_KNOWN;
  }
}

class Pem extends DatabaseCa {
  constructor(private readonly certificate: string) {
    super();
  }

  public bind(scope: Construct): string {
    checkCertificate(scope, 'database.ca', this.certificate);
    return this.certificate;
  }
}

/** The compiler asks for a strategy in TypeScript; not every language has one. */
export function checkCa(scope: IConstruct, prop: string, ca: DatabaseCa | undefined) {
  if (typeof ca?.bind === 'function') return;
  throw invalidProp(scope, {
    prop,
    problem: `must be made by one of the factories, got: ${typeOf(ca)}`,
    remedy: 'Write DatabaseCa.rds(), DatabaseCa.wellKnown(), or DatabaseCa.pem(text) with the text of a PEM file',
  });
}

/** Whether it is the root of RDS, or that of the public authorities; nothing is known of others. */
export function kindOf(ca: DatabaseCa): 'rds' | 'well-known' | undefined {
  if (ca instanceof RdsRoot) return 'rds';
  return ca instanceof WellKnown ? 'well-known' : undefined;
}
