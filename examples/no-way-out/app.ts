// A network without a way out to the internet, where whatever runs is reached from the company and reaches AWS alone.
// Nodes get by with endpoints; the image is in ECR and carries its plug-ins, as neither Docker Hub nor the licence
// service can be reached.
import { App, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { ClusterPlugins, Entrance, NocoBaseCluster, NocoBaseImage, NodeEndpoints } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack {
  const stack = new Stack(app, 'NoWayOut', { env: { region: 'eu-central-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Private', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  // Once for a network, before the clusters in it.
  new NodeEndpoints(stack, 'Endpoints', { vpc });

  const certificate = Certificate.fromCertificateArn(
    stack,
    'Certificate',
    'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
  );
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc,
    image: NocoBaseImage.fromEcr(Repository.fromRepositoryName(stack, 'Image', 'nocobase'), '2.2.15'),
    plugins: ClusterPlugins.preinstalled(),
    entrance: Entrance.certificate(certificate, {
      domainName: 'nocobase.corp.example.com',
      internetFacing: false,
      allowedCidrs: ['10.0.0.0/8'],
    }),
  });
  return stack;
}

build(new App());
